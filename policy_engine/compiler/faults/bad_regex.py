r"""
bad-regex: a pattern is not an RE2 regular expression.

Avoid:
    rules:
      - name: refunds
        when: {message: {matches: 'refund(?!ed)'}}
        then: {route: fast}
    default: {route: workhorse}
Prefer:
    rules:
      - name: refunds
        when:
          message: {matches: '\brefund\b'}
        then: {route: fast}
    default: {route: workhorse}
Why:
    Patterns run on text that strangers wrote, so they are RE2: every search takes time linear in the text. What
    cannot be done in linear time (lookaround such as `(?=…)` and `(?!…)`, backreferences such as `\1`) does not
    exist there. Say it with two conditions and `not`, or with `contains`, which knows where words end. Phrases
    and globs become such patterns too, which is why they may have 1,000 characters at most.
"""

CODE = "PE401"
NAME = "bad-regex"
