"""From nouns to the evaluation graph: names resolved, tests shared, indexed and turned into code."""
