"""
empty-value: a key or a list item has no value, or is null.

Avoid:
    default:
    rules: []
Prefer:
    default: {route: workhorse}
    rules: []
Why:
    An empty value in YAML is null, and nothing in a policy may be null: it is most often a value that was never
    written, or that was indented away from its key. What should be absent is left out, key and all. `{a:1}` is a
    key `a:1` without a value, since YAML wants a space after the colon.
"""

CODE = "PE103"
NAME = "empty-value"
