"""
unknown-environment: no overlay folder exists for the environment that was asked for.

Avoid:
    policy-engine validate policies --env prodution
Prefer:
    policy-engine validate policies --env production
Why:
    `overlays/<env>/` holds what differs in one environment. Other environments have a folder and this one has not,
    so its name may be misspelled; the base policies are used as they are. If that is right, add an empty folder
    with a note.
"""

CODE = "PE122"
NAME = "unknown-environment"
