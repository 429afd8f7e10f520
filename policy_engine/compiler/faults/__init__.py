"""What can be wrong with a regex or an expression: one module per code, its docstring the manual page."""
