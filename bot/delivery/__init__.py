"""Delivery of the outbox: facts become Slack messages, at least once through any crash, once where history can be read."""

from bot.delivery.loop import Delivery

__all__ = ["Delivery"]
