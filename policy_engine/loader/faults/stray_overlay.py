"""
stray-overlay: a file lies in `overlays/` but belongs to no environment.

Avoid:
    policies/overlays/production.yaml
Prefer:
    policies/overlays/production/models.yaml
Why:
    Each environment has a folder of its own below `overlays/`. A file beside these folders is read in no
    environment.
"""

CODE = "PE123"
NAME = "stray-overlay"
