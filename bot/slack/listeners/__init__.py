"""What happens on a command, a click or a submitted modal. `register_all` puts every listener on the app."""

from __future__ import annotations

from bot.slack.interaction import Registrar
from bot.slack.listeners import (
    alerts,
    approvals,
    breaches,
    captures,
    closes,
    command,
    envelopes,
    forecasts,
    home,
    lifecycle,
    mend,
    plans,
    reconcile,
    requests,
    rollout,
    rules,
    shortcuts,
    signing,
    tags,
    trust,
    workloads,
)


def register_all(registrar: Registrar) -> None:
    for family in (
        alerts,
        breaches,
        command, envelopes, workloads, rules, requests, forecasts, plans, shortcuts, tags, trust, home, rollout, lifecycle,
        closes, reconcile, signing, approvals, mend, captures,
    ):  # fmt: skip
        family.register(registrar)
