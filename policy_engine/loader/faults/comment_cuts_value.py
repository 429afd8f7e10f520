"""
comment-cuts-value: a comment seems to cut off an unquoted regex or expression.

Avoid:
    matches: order #\\d+
Prefer:
    matches: 'order #\\d+'
Why:
    In an unquoted value, ` #` begins a comment: the regex above is just `order`. That is valid YAML, so this is a
    warning, given only where what is left looks unfinished or what was cut off looks like the rest of a regex.
    Quote the value, or set off a real comment with a space after the `#`.
"""

CODE = "PE118"
NAME = "comment-cuts-value"
