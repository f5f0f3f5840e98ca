"""Refusals that a person or a program can act on; one subclass per decision a caller makes."""

from __future__ import annotations


class BudgetError(Exception):
    """A refusal in one or two sentences: the thing, the fact and the way out.

    Attributes:
      message: what a person reads, plain text, not yet escaped for mrkdwn.
      correction: a corrected line that can be pasted, or None when there is none.
    """

    def __init__(self, message: str, *, correction: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.correction = correction


class Unreadable(BudgetError):
    """What was typed or sent could not be read as what it should be."""


class OutOfRange(BudgetError):
    """A number or date was read, but lies outside what is allowed."""


class UnknownName(BudgetError):
    """No workload, command or dimension goes by that name."""


class NameTaken(BudgetError):
    """Something else already goes by that name."""


class NotAllowed(BudgetError):
    """This person's role does not permit the act."""


class OwnRequest(BudgetError):
    """Somebody tried to decide on what they asked for themselves."""


class AlreadyDecided(BudgetError):
    """A request was decided or withdrawn in the meantime."""


class Outdated(BudgetError):
    """What was shown has changed since; it has to be looked at again."""


class TooLarge(BudgetError):
    """More was sent than is accepted in one piece."""


class Overloaded(BudgetError):
    """The work cannot be taken on now; it should be sent again a little later."""


class BadToken(BudgetError):
    """The token is missing, wrong, expired or revoked."""


class MissingScope(BudgetError):
    """The token is good, but not for this."""


class SettingsProblem(BudgetError):
    """The configuration or the database does not allow Outlay to start."""


class KeyRefused(BudgetError):
    """A provider does not accept the admin key, or the key may not read this report."""


class Unavailable(BudgetError):
    """A provider could not be reached, or kept refusing for now; what was read before is kept, and the rest is read later."""
