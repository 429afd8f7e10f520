"""
alias-expansion: aliases make the file far larger than it is written, or contain themselves.

Avoid:
    a: &a [x, x, x, x]
    b: &b [*a, *a, *a, *a]
    c: [*b, *b, *b, *b]     # and so on
Prefer:
    tasks: [order_status, generate_reply]
Why:
    An alias stands for a copy of what its anchor marks. A few lines of nested aliases can stand for billions of
    values and take the process down. What aliases add to a file may be at most 200,000 values, and an anchor may
    not contain an alias to itself.
"""

CODE = "PE111"
NAME = "alias-expansion"
