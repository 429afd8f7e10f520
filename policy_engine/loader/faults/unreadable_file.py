"""
unreadable-file: a file or folder of the bundle could not be read.

Avoid:
    policies/chat.yaml -> ../gone.yaml     # a link that leads nowhere
Prefer:
    policies/chat.yaml     # a file that the process may read
Why:
    A bundle with a part missing decides something else, so a part that cannot be read is an error and not a gap.
    Check permissions and where links lead. A policy file must be a regular file or a link to one.
"""

CODE = "PE115"
NAME = "unreadable-file"
