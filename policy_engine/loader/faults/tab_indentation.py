"""
tab-indentation: a line is indented with a tab.

Avoid:
    when:
    <TAB>task: order_status
Prefer:
    when:
      task: order_status
Why:
    YAML does not allow tabs for indentation, because nobody could tell how deep one is. Most editors can be told to
    insert spaces in YAML files.
"""

CODE = "PE106"
NAME = "tab-indentation"
