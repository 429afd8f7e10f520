r"""
ascii-class: `\b`, `\w` or `\d` stands beside a letter that they do not know.

Avoid:
    rules:
      - name: complaints
        when: {message: {matches: '\bärger\b'}}
        then: {route: workhorse}
    default: {route: fast}
Prefer:
    rules:
      - name: complaints
        when: {message: {contains: ärger}}
        then: {route: workhorse}
    default: {route: fast}
Why:
    In RE2 `\b`, `\w` and `\d` know ASCII only. Before `ä` there is no word boundary, so `\bärger\b` never matches
    "Ärger mit der Lieferung". `contains` looks for whole words in every script.
"""

CODE = "PE402"
NAME = "ascii-class"
