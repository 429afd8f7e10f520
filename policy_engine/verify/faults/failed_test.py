"""
failed-test: a policy decides otherwise than one of its tests expects.

Avoid:
    rules:
      - name: short
        when: {message: {chars: {lte: 300}}}
        then: {route: workhorse}
    # with a case that says: expect: {rule: short, tier: fast}
Prefer:
    rules:
      - name: short
        when: {message: {chars: {lte: 300}}}
        then: {route: fast}
Why:
    Either the policy or the test is wrong. The report says what was expected and what came, which rule decided, and
    which condition of the expected rule did not hold, with the value that it saw. A test of something that is not
    built yet gets `todo: reason`: it is reported and fails nothing.
"""

CODE = "PE620"
NAME = "failed-test"
