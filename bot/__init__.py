"""The bot: turns Slack, HTTP and clock ticks into service calls, and what has to be told into Slack messages."""
