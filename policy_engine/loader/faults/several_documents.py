"""
several-documents: one file holds several YAML documents.

Avoid:
    version: 1
    rules: []
    ---
    version: 1
    rules: []
Prefer:
    version: 1
    rules: []
Why:
    Each file is one part of the bundle, and the order of rules is by file and position. What stands after `---`
    would have no place in it. Put it in a file of its own.
"""

CODE = "PE110"
NAME = "several-documents"
