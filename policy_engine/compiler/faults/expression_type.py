"""
expression-type: an `expr` compares or combines values of different kinds.

Avoid:
    rules:
      - name: long
        when: {expr: 'message.chars > "200"'}
        then: {route: workhorse}
    default: {route: fast}
Prefer:
    rules:
      - name: long
        when: {expr: 'message.chars > 200'}
        then: {route: workhorse}
    default: {route: fast}
Why:
    A number never equals a text, so such a comparison is always false (or fails); it is told when the file is
    loaded, not on the first request that reaches it.
"""

CODE = "PE414"
NAME = "expression-type"
