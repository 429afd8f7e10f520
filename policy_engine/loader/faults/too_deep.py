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

CODE = "PE112"
NAME = "too-deep"
