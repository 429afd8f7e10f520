"""How results look: pure functions from values to text, in every format that the command line offers."""
