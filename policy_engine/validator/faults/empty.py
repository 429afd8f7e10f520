"""
empty: a mapping, list or text is empty where emptiness has no meaning.

Avoid:
    rules:
      - name: everything
        when: {}
        then: {route: workhorse}
Prefer:
    rules:
      - name: everything
        then: {route: workhorse}
Why:
    An empty condition would always hold and an empty list would never match, and neither says whether that was meant or
    whether something got lost. Leave the key out to say nothing about it.
"""

CODE = "PE205"
NAME = "empty"
