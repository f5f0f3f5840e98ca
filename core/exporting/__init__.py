"""The books of a month as files for finance: FOCUS 1.2 and 1.4, and a plain table. Pure; a row at a time."""
