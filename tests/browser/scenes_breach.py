"""The second story of the gallery: thresholds are passed, a sponsor decides, an invoice is signed, and 30 days go by."""

from __future__ import annotations

from typing import Final

from tests.browser.scenes import BUDGET, PLATFORM, SEARCH, Scene

LADDER: Final = "hard=90% degrade=claude-haiku-4-5,throttle=60/min,stop"
TRIED: Final = "soft=40% hard=45% degrade=claude-haiku-4-5,dry-run"
GRANT: Final = {"more_amount": "2k", "more_reason": "The loop is mended; the month has to end"}
BREACHES: Final = (
    Scene("home-newcomer", "Home: somebody who has nothing yet", "kim", "home", "Nothing here is yours yet"),
    Scene("home-owner", "Home: an owner", "ana", "home", "My envelopes"),
    Scene("settings", "`/budget settings`: what new envelopes take", "farah", BUDGET, "What a new envelope takes", "settings"),
    Scene(
        "replay", "`/budget replay`: what thresholds would have told",
        "ana", SEARCH, "replayed", "replay search-answers soft=70% hard=100%",
    ),
    Scene(
        "set-ladder", "A ladder is set: what it would have done lately",
        "chen", PLATFORM, "the ladder would", f"set research-agent {LADDER}",
    ),
    Scene("breach-forecast", "The month is heading past an envelope", "ana", SEARCH, "is heading for", clock="1h"),
    Scene("untrusted", "A model without a price: finance hears of it", "farah", "dm", "have no price"),
    Scene("breach-velocity", "A runaway is told in minutes", "chen", PLATFORM, "its usual", clock="runaway 1d", before=(
        ("farah", "set doc-summaries 3000 owner=@ana sponsor=@dana"),)),
    Scene("breach-hard", "A hard threshold is passed", "chen", PLATFORM, "passed its hard threshold"),
    Scene("question", "The sponsor is asked to decide", "sam", "dm", "is past its hard threshold"),
    Scene("home-sponsor", "Home: a sponsor whom a decision waits for", "sam", "home", "Waiting for you"),
    Scene("approvals", "`/budget approvals`", "sam", BUDGET, "decision waits", "approvals"),
    Scene("why-told", "`/budget why-told`: why somebody was told, or not", "kim", BUDGET, "or not", "why-told research-agent"),
    Scene("grant-form", "Grant more…", "sam", "dm", "It reverts by itself", click="Grant more…", modal=True),
    Scene("question-decided", "The same message once decided", "sam", "dm", "granted", click="Grant more…", values=GRANT),
    Scene("breach-decided", "… and in the channel", "chen", PLATFORM, "granted more."),
    Scene("breach-untrusted", "An amount that cannot be trusted", "farah", "dm", "is not all of it", before=(
        ("farah", "set unattributed 3k owner=@farah sponsor=@sam"),)),
    Scene("welcome", "Somebody gets a role", "dana", "dm", "made you the sponsor"),
    Scene("request-more", "An owner asks for more", "sam", "dm", "more for", before=(
        ("ben", "request onboarding-tutor 400 traffic doubled in launch week"),)),
    Scene("holdback", "The holdback is drawn", "ana", SEARCH, "is drawn", "holdback translation launch week", before=(
        ("farah", "set translation 2000 owner=@ana sponsor=@sam holdback=10%"),)),
    Scene("breach-soft", "A soft threshold is passed", "chen", PLATFORM, "has spent", clock="1h", before=(
        ("farah", "set moderation 460"),)),
    Scene("breach-recovered", "Back to the usual pace", "chen", PLATFORM, "Back to its usual pace", clock="1d", before=(
        ("farah", f"set code-review {TRIED}"),)),
    Scene(
        "dry-run", "A ladder on dry run: what it would have done to the usage that came",
        "chen", PLATFORM, "the ladder would have", "status code-review", clock="6h",
    ),
    Scene("reconcile-form", "`/budget reconcile`: the form", "farah", BUDGET, "Providers bill", "reconcile openai", modal=True),
    Scene(
        "reconcile", "The invoice against the books",
        "farah", BUDGET, "invoice against estimate", "reconcile openai", sample="invoice_file",
    ),
    Scene("reconcile-refuse", "Refuse…", "ana", BUDGET, "What is wrong?", click="Refuse…", modal=True),
    Scene("reconcile-signed", "One has signed", "ana", BUDGET, "Signed by", click="Sign"),
    Scene("home-finance", "Home: a finance partner", "farah", "home", "Waiting for you"),
    Scene("reconcile-status", "`/budget reconcile --status`", "sam", BUDGET, "closed.", "reconcile --status"),
    Scene("rollout-form", "`/budget rollout start`", "farah", BUDGET, "First day", "rollout start", modal=True),
    Scene("rollout-week", "A week of the first 30 days", "farah", BUDGET, "week 1 of 4", "rollout start", submits=True),
    Scene("undelivered", "A message cannot be delivered: finance hears of it", "farah", "dm", "could not deliver", before=(
        ("farah", "rollout test-alert"),), faults=({"method": "chat.postMessage", "kind": "gone"},)),
    Scene("rollout", "`/budget rollout`: the checklist", "farah", BUDGET, "Posted each week", "rollout"),
    Scene("close", "The month is over: what finance hears", "farah", "dm", "is over", clock="14d"),
    Scene("close-owner", "… and an owner: envelopes proposed", "ana", "dm", "Your envelopes for"),
    Scene("rollout-week-2", "The second week's post", "farah", BUDGET, "week 2 of 4"),
    Scene("rollout-week-3", "The third week's post", "farah", BUDGET, "week 3 of 4"),
    Scene("rollout-final", "After 30 days: where we stand", "farah", BUDGET, "where we stand", clock="17d"),
    Scene("rollout-week-4", "The fourth week's post, before it", "farah", BUDGET, "week 4 of 4"),
)  # fmt: skip
