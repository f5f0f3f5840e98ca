"""Intake: bytes of one format in, usage events and refusals out. Pure; nothing is stored here."""
