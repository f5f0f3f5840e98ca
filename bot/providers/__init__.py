"""Clients of the providers' organization APIs: what they counted and charged, to hold against the books."""
