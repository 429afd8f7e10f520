"""
forbidden-expression: an `expr` uses something that expressions do not have.

Avoid:
    rules:
      - name: long
        when: {expr: 'message.text.upper() == "STOP"'}
        then: {route: fast}
    default: {route: workhorse}
Prefer:
    rules:
      - name: long
        when: {expr: 'lower(message.text) == "stop"'}
        then: {route: fast}
    default: {route: workhorse}
Why:
    Expressions can compare facts, and nothing else: comparisons, `and or not`, `in`, `+ - * /` on numbers, literals,
    and the functions `len min max abs lower startswith endswith count`. They can neither change a fact, nor reach
    the interpreter, nor use time or memory without bound, whatever the request holds.
"""

CODE = "PE412"
NAME = "forbidden-expression"
