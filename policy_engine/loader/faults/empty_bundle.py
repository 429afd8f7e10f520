"""
empty-bundle: the folder holds no policy files.

Avoid:
    policies/readme.txt
Prefer:
    policies/chat.yaml
Why:
    All `*.yaml` and `*.yml` files below the folder make up the bundle, except tests (`*_test.yaml`), names that
    begin with a dot, and `overlays/` of other environments. With none at all there is nothing to decide with: the
    path is most often wrong, or a volume is not mounted.
"""

CODE = "PE120"
NAME = "empty-bundle"
