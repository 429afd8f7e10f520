"""
unknown-value: a value is none of those that its key takes.

Avoid:
    caches:
      support: {kind: semantc, embedder: hashed}
Prefer:
    caches:
      support: {kind: semantic, embedder: hashed}
Why:
    Some keys take one of a few words. The help names the one that was probably meant, or all of them.
"""

CODE = "PE204"
NAME = "unknown-value"
