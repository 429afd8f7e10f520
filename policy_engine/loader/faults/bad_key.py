"""
bad-key: a key is a list, a mapping, an alias or empty.

Avoid:
    attributes:
      [plan, stakes]: pro
Prefer:
    attributes:
      plan: pro
      stakes: pro
Why:
    Keys are names, so they are text. Numbers and booleans as keys are taken as they are written: `10: x` has the
    key `10`. A value in double curly braces, as in `{{ name }}`, is a mapping inside a mapping to YAML: quote it.
"""

CODE = "PE109"
NAME = "bad-key"
