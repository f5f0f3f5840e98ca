"""The classifier behind `core.reconciliation`: which causes make an invoice differ from the estimate, one family a module."""
