"""Slack: reading what people type and click, and showing what the services answer."""
