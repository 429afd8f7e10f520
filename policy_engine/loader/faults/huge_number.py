"""
huge-number: a number is too large.

Avoid:
    points: 1e999
Prefer:
    points: 1000
Why:
    Numbers are kept exactly where that matters, so one with thousands of digits costs time and memory on every
    load, and one beyond 1.8e308 would become infinite. A number may have up to 400 digits. If it is an identifier,
    put it in quotes.
"""

CODE = "PE119"
NAME = "huge-number"
