"""
passing-todo: a test that was expected to fail passes.

Avoid:
    cases:
      - {name: short, request: {task: faq}, expect: {tier: fast}, todo: waits for the new tier}
Prefer:
    cases:
      - {name: short, request: {task: faq}, expect: {tier: fast}}
Why:
    What it waited for has come. Without `todo` it will notice when that is lost again.
"""

CODE = "PE621"
NAME = "passing-todo"
