"""
file-too-large: a file is larger than the loader reads.

Avoid:
    one policy file of 20 MiB
Prefer:
    several files, by team or by task
Why:
    Policy files are read whole on each reload: up to 8 MiB each, and the files they refer to up to 4 MiB each. A
    file beyond that is most often not what its name says.
"""

CODE = "PE113"
NAME = "file-too-large"
