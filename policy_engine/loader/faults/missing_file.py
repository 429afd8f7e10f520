"""
missing-file: a policy refers to a file that is not there.

Avoid:
    then: {respond: {template: templates/ordr_status.txt}}
Prefer:
    then: {respond: {template: templates/order_status.txt}}
Why:
    Templates, JSON Schemas and classifiers are part of the bundle and are loaded with it, so that no request finds
    out first that one is missing. Paths are relative to the policy folder, not to the file that names them.
"""

CODE = "PE117"
NAME = "missing-file"
