"""
wrong-type: a value is of another kind than its place takes.

Avoid:
    caches:
      support: {kind: exact, scope: tenant}
Prefer:
    caches:
      support: {kind: exact, scope: [tenant]}
Why:
    Text, numbers, yes/no (`true` or `false`), lists and mappings are not turned into one another, since a guess that is
    right today is a surprise tomorrow. Mind that in YAML 1.2 `yes`, `no`, `on` and `off` are text, and that `10` is a
    number while `"10"` is text.
"""

CODE = "PE202"
NAME = "wrong-type"
