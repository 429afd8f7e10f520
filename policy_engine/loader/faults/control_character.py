"""
control-character: the text holds a control character or half of a character.

Avoid:
    matches: "\\border\\b"
Prefer:
    matches: '\\border\\b'
Why:
    In double quotes YAML reads `\\b` as a backspace (U+0008), so a regex written there looks for backspaces and
    never matches. Other control characters come from a broken paste. Tab, line feed and carriage return are
    allowed. Surrogates such as `\\ud800` are halves of a character and no text by themselves: write the character.
"""

CODE = "PE105"
NAME = "control-character"
