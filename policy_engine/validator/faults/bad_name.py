"""
bad-name: a name has spaces in it or is no text.

Avoid:
    tasks: [order status, summarize]
Prefer:
    tasks: [order_status, summarize]
Why:
    Names are referred to from other places: rules, expressions, headers, command lines and metrics. A name without
    spaces can be written in all of them without quotes, and a number is easily taken for a position.
"""

CODE = "PE213"
NAME = "bad-name"
