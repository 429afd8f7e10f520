"""Configurations of the vLLM Semantic Router (v0.3), turned into bundles."""
