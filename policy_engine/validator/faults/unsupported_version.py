"""
unsupported-version: a file is written in a version of the language that this engine does not read.

Avoid:
    version: 2
    default: {route: workhorse}
Prefer:
    version: 1
    default: {route: workhorse}
Why:
    A version fixes what every word means. An engine that read a newer file as well as it could would decide something
    else than its author meant. Run an engine that knows the version, or write the file in version 1.
"""

CODE = "PE210"
NAME = "unsupported-version"
