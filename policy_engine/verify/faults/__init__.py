"""What running tests can say about a policy: one module per code, its docstring the manual page."""
