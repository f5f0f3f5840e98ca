"""Rows and SQL: the only place that talks to SQLite or PostgreSQL. Values in, values out."""
