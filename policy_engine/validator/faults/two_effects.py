"""
two-effects: a rule has more than one effect that decides.

Avoid:
    rules:
      - name: opening-hours
        then: {respond: {text: "9:00 to 17:00"}, route: fast}
Prefer:
    rules:
      - name: opening-hours
        then: {respond: {text: "9:00 to 17:00"}}
Why:
    `respond`, `route`, `cascade` and `deny` are terminal: the first rule that matches and has one of them decides, and
    it decides once. Two of them in one rule would need an order that the rule does not state. Everything else
    (`limits`, `remember`, `shadow`, `tags` and so on) is a modifier and may stand beside any of them.
"""

CODE = "PE208"
NAME = "two-effects"
