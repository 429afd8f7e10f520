"""What can be wrong with the form of a policy file: one module per code, its docstring the manual page."""
