"""
missing-key: a mapping lacks a key that it cannot do without.

Avoid:
    tiers:
      - {name: fast}
Prefer:
    tiers:
      - {name: fast, models: [mini]}
Why:
    What is left out either has a default that the manual states, or it is required. Required keys are those for which
    every default would be a guess about your traffic or your money.
"""

CODE = "PE203"
NAME = "missing-key"
