"""What people do in the workspace, as HTTP calls: commands, clicks, forms; and the knobs for tests."""
