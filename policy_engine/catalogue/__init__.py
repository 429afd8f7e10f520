"""What is known about models: prices, context windows, capabilities; declared, or looked up in a bundled list."""
