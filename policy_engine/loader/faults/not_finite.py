"""
not-finite: a number is infinite or not a number.

Avoid:
    points: .inf
Prefer:
    points: 1000000
Why:
    Comparisons with infinity and NaN are surprising (NaN is not even equal to itself), and a policy that compares
    with them never says what its author meant. To leave a range open at one end, leave that end out.
"""

CODE = "PE104"
NAME = "not-finite"
