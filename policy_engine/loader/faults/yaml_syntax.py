"""
yaml-syntax: the file is not YAML, so nothing in it could be read.

Avoid:
    when: {matches: [abc]+}
Prefer:
    when: {matches: '[abc]+'}
Why:
    A file that does not parse has no rules, and a bundle without its rules would decide something else. So nothing
    is guessed: the file is an error as a whole, told once, where reading had to stop. The usual causes are a value
    with `: ` or ` #` in it, a value that begins with one of `[ { * & ! % @ | >` or a backtick, a quote that is not
    closed, and a line that is indented differently from its neighbours. Single quotes around the value cure most of
    them.
"""

CODE = "PE101"
NAME = "yaml-syntax"
