"""Caches of answers: what was answered before, found again by the same or by similar words."""
