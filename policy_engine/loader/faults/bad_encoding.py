"""
bad-encoding: a file is not UTF-8.

Avoid:
    a file saved as UTF-16 or Latin-1
Prefer:
    the same file saved as UTF-8, with or without a byte order mark
Why:
    A guess at the encoding would change the text that rules compare with, in silence. Every editor can save UTF-8.
"""

CODE = "PE114"
NAME = "bad-encoding"
