"""A faithful Slack workspace on one's own machine. See README.md beside this file."""

from sandbox.box import Sandbox
from sandbox.people import Person
from sandbox.rate import RateLimit

__all__ = ["Person", "RateLimit", "Sandbox"]
