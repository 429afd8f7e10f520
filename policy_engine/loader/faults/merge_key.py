"""
merge-key: a mapping uses the merge key `<<`.

Avoid:
    then: {<<: *usual, route: fast}
Prefer:
    then: {route: fast, tags: [eu]}
Why:
    The merge key is not in YAML 1.2, and readers differ in what wins. Repeat the keys, or give what is shared a
    name: conditions, scores, caches and cascades have names of their own. A plain alias (`*name`) as a whole value
    works.
"""

CODE = "PE108"
NAME = "merge-key"
