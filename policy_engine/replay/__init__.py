"""Policies tried before they are live: on known outcomes, against each other, on more requests than fit in memory."""
