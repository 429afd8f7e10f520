"""
duplicate-key: a mapping has the same key twice.

Avoid:
    when:
      message: {chars: {gt: 10}}
      message: {matches: 'refund'}
Prefer:
    when:
      message: {chars: {gt: 10}, matches: 'refund'}
Why:
    YAML readers differ in which of the two they keep, and none says that the other is gone: a condition would
    vanish in silence and the rule would match more than it says. Keys are compared as text, so `10` and `"10"` are
    the same key.
"""

CODE = "PE102"
NAME = "duplicate-key"
