"""
yaml-tag: a value carries a YAML tag that a policy may not use.

Avoid:
    expr: !urgent and message.chars > 20
Prefer:
    expr: 'not urgent and message.chars > 20'
Why:
    Tags can ask a reader to build arbitrary objects, which a policy must never do. Only `!!str`, `!!int`,
    `!!float`, `!!bool`, `!!map` and `!!seq` are read, and only where the value has that form. A value that should
    begin with an exclamation mark goes in quotes.
"""

CODE = "PE107"
NAME = "yaml-tag"
