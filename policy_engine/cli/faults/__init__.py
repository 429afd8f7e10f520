"""What only the command line can find wrong, since it looks at the machine it runs on; one module per code."""
