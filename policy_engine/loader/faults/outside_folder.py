"""
outside-folder: something leads out of the policy folder.

Avoid:
    then: {respond: {template: ../shared/reply.txt}}
Prefer:
    then: {respond: {template: templates/reply.txt}}
Why:
    A bundle is one folder: what it decides follows from what is in it, and its revision is a hash of that. Files
    referred to are named relative to the folder, with `/`, and may not lead out of it; nor may symbolic links, for
    policies as for other files.
"""

CODE = "PE116"
NAME = "outside-folder"
