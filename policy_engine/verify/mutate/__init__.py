"""Mutation: policies with one thing changed, to see whether a test notices."""
