"""
bare-range: a quantity is compared to a bare value, without an operator.

Avoid:
    rules:
      - name: answered-before
        when: {cache: {support: {similarity: 0.95}}}
        then: {respond: {cache: support}}
Prefer:
    rules:
      - name: answered-before
        when: {cache: {support: {similarity: {gte: 0.95}}}}
        then: {respond: {cache: support}}
Why:
    A bare value means equality everywhere in the language. For counts, times, money and shares that is hardly ever what
    was meant: a similarity of exactly 0.95 never occurs, so the rule would never fire and nobody would notice. Write
    `eq` if equality is really wanted.
"""

CODE = "PE207"
NAME = "bare-range"
