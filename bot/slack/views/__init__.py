"""What people see in Slack: pure functions from values to messages and modals. Nothing here asks, waits or decides."""
