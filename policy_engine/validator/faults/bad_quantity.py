"""
bad-quantity: a number, its unit or its size does not fit its place.

Avoid:
    providers:
      openai: {kind: openai, timeout: 30}
Prefer:
    providers:
      openai: {kind: openai, timeout: 30s}
Why:
    Quantities are exact: counts may end in `k` or `M`, durations need one of `ms s m h d w`, money is written as `$5`,
    shares go from 0 to 1 or are written per cent, as in `30%`. A duration without a unit could mean seconds or
    milliseconds, and a share of 30 could mean 30 % or a slip, so both are errors.
"""

CODE = "PE206"
NAME = "bad-quantity"
