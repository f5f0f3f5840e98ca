"""Forecasting of month-end spend: pure arrays in, pure arrays out. `core.forecast` is the way in."""
