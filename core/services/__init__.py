"""Use cases: each one transaction, each told what time it is."""
