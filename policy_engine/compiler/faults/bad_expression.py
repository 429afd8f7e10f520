"""
bad-expression: an `expr` is not a boolean expression over facts.

Avoid:
    rules:
      - name: long
        when: {expr: 'message.chars > '}
        then: {route: workhorse}
    default: {route: fast}
Prefer:
    rules:
      - name: long
        when: {expr: 'message.chars > 200 and message.lines < 10'}
        then: {route: workhorse}
    default: {route: fast}
Why:
    An expression that cannot be read is an error when the file is loaded, never a rule that is silently skipped
    while serving.
"""

CODE = "PE411"
NAME = "bad-expression"
