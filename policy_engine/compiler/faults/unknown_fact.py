"""
unknown-fact: an `expr` names a fact that nothing declares.

Avoid:
    rules:
      - name: long
        when: {expr: 'message.length > 200'}
        then: {route: workhorse}
    default: {route: fast}
Prefer:
    rules:
      - name: long
        when: {expr: 'message.chars > 200'}
        then: {route: workhorse}
    default: {route: fast}
Why:
    A name that nobody supplies would be unknown in every request, and its rule would never match.
"""

CODE = "PE413"
NAME = "unknown-fact"
