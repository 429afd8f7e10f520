"""
unknown-anchor: an alias refers to an anchor that is not there.

Avoid:
    matches: *urgent
Prefer:
    matches: '.*urgent'
Why:
    An unquoted value that begins with `*` is an alias: a copy of what an anchor `&name` marked earlier in the same
    file. If it should be text or a regex, put it in single quotes.
"""

CODE = "PE121"
NAME = "unknown-anchor"
