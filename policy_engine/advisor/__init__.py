"""What can be learned from labels, outcomes and the ledger: classifiers, so far."""
