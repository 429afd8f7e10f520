"""Telling the world what happened inside an engine."""
