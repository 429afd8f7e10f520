"""
too-deep: values are nested more than 64 deep.

Avoid:
    when: {not: {not: {not: {not: {not: {}}}}}}     # and so on
Prefer:
    when: {condition: high_stakes}
Why:
    No policy that a person can read is so deep, and each level costs whoever reads it. Name inner conditions under
    `conditions` and refer to them.
"""

from typing import Final

CODE = "PE112"
NAME = "too-deep"

MAX_DEPTH: Final = 64
"""How deep mappings and lists may nest, aliases expanded."""

MESSAGE: Final = f"values are nested more than {MAX_DEPTH} deep"
HELP: Final = "name inner conditions under `conditions` and refer to them"
