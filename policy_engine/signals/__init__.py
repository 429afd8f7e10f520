"""Learning what a rule asks for and the request does not say."""
