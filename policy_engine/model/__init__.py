"""The nouns of the engine, all of them frozen values: what is written, what is asked, what is decided."""
