"""
expression-too-large: an `expr` is longer, deeper or has larger numbers than an expression may have.

Avoid:
    rules:
      - name: huge
        when: {expr: 'message.chars > 1000000000000000000000000000000000000000'}
        then: {route: workhorse}
    default: {route: fast}
Prefer:
    rules:
      - name: large
        when: {message: {chars: {gt: 100k}}}
        then: {route: workhorse}
    default: {route: fast}
Why:
    Expressions are bounded (4,000 characters, 400 parts, 40 levels, numbers of 30 digits) so that no policy file
    can make the engine slow or exhaust its memory. Split a large one into named conditions.
"""

CODE = "PE415"
NAME = "expression-too-large"
