"""
not-one-entry: a mapping that takes exactly one entry has several.

Avoid:
    rules:
      - name: others
        when: {not: {task: summarize, attributes: {plan: free}}}
        then: {route: fast}
Prefer:
    rules:
      - name: others
        when: {none: [{task: summarize}, {attributes: {plan: free}}]}
        then: {route: fast}
Why:
    `not` of two entries can be read in two ways: not both, or neither. So it takes one; `not: {all: [..]}` says the
    former and `none: [..]` the latter. Likewise an answer is made from one of `text`, `json`, `template` and `cache`,
    and a model is chosen by one of `cheapest`, `fastest`, `best` and `split`.
"""

CODE = "PE209"
NAME = "not-one-entry"
