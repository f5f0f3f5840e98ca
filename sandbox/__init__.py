"""A faithful Slack workspace on one's own machine. See README.md beside this file."""

from sandbox.box import Sandbox
from sandbox.rate import RateLimit

__all__ = ["RateLimit", "Sandbox"]
