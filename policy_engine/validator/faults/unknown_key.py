"""
unknown-key: a mapping has a key that means nothing there.

Avoid:
    rules:
      - name: long-documents
        when: {tokens: {gt: 8k}}
        then: {route: workhorse}
Prefer:
    rules:
      - name: long-documents
        when: {input: {tokens: {gt: 8k}}}
        then: {route: workhorse}
Why:
    A key that nobody reads is a wish that is not granted: a misspelt `when` would make its rule match everything. So
    each mapping knows its keys and every other one is an error. The help names the key that was probably meant, or
    says where this one belongs.
"""

CODE = "PE201"
NAME = "unknown-key"
