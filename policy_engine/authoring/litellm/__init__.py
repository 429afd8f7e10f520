"""Configurations of the LiteLLM proxy, turned into bundles."""
