"""The sample company every sandbox starts with. Ids are fixed: pages, tests and tours refer to them."""

from __future__ import annotations

from sandbox.model import Channel, User

TEAM_ID, TEAM_NAME, TEAM_DOMAIN = "T0ACME", "Acme", "acme"
BOT_USER, BOT_ID, APP_ID, BOT_NAME = "U0OUTLAY", "B0OUTLAY", "A0OUTLAY", "outlay"
SLACKBOT = "USLACKBOT"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "sandbox-signing-secret"

NEEDED_SCOPES = ("commands", "chat:write", "im:write", "files:write", "files:read", "users:read")
OPTIONAL_SCOPES = ("channels:history", "groups:history", "im:history", "channels:read")
SUBSCRIBED_EVENTS = frozenset({"app_home_opened", "app_uninstalled", "tokens_revoked"})

_PEOPLE = (
    ("U0ANA", "ana", "Ana Ruiz", "Engineering lead, Search", "Europe/Madrid"),
    ("U0BEN", "ben", "Ben Okafor", "Engineering lead, Support", "Europe/London"),
    ("U0CHEN", "chen", "Chen Wei", "Engineering lead, Platform", "Asia/Singapore"),
    ("U0FARAH", "farah", "Farah Haddad", "Finance partner", "Europe/Berlin"),
    ("U0SAM", "sam", "Sam Whitfield", "VP Engineering (sponsor)", "America/New_York"),
    ("U0DANA", "dana", "Dana Lindqvist", "CTO (deputy)", "Europe/Stockholm"),
    ("U0KIM", "kim", "Kim Tanaka", "Product analyst", "Asia/Tokyo"),
)
_LEFT = ("U0LEE", "lee", "Lee Novak", "Engineer", "Europe/Prague")


def users() -> list[User]:
    """Everybody in the workspace: the people, one who has left, the bot, and Slackbot."""
    staff = [User(id=i, name=n, real_name=r, title=t, tz=z) for i, n, r, t, z in _PEOPLE]
    left = User(id=_LEFT[0], name=_LEFT[1], real_name=_LEFT[2], title=_LEFT[3], tz=_LEFT[4], deleted=True)
    bot = User(id=BOT_USER, name=BOT_NAME, real_name="Outlay", title="", tz="Etc/UTC", is_bot=True)
    slackbot = User(id=SLACKBOT, name="slackbot", real_name="Slackbot", title="", tz="Etc/UTC", is_bot=True)
    return [*staff, left, bot, slackbot]


def channels() -> list[Channel]:
    """The channels with their members. The bot is in all but #leads and #old-experiments."""
    everybody = [person[0] for person in _PEOPLE]
    leads = ["U0ANA", "U0BEN", "U0CHEN", "U0SAM", "U0DANA"]
    return [
        Channel("C0GENERAL", "general", [*everybody, BOT_USER], topic="Company-wide announcements"),
        Channel("C0BUDGET", "ai-budget", [*everybody, BOT_USER], topic="What our AI workloads spend"),
        Channel("C0SEARCH", "search-eng", ["U0ANA", "U0KIM", "U0SAM", BOT_USER], topic="Search engineering"),
        Channel("C0SUPPORT", "support-eng", ["U0BEN", "U0KIM", "U0SAM", BOT_USER], topic="Support engineering"),
        Channel("C0PLATFORM", "platform", ["U0CHEN", "U0SAM", "U0DANA", BOT_USER], topic="Platform"),
        Channel("G0LEADS", "leads", leads, is_private=True, topic="Engineering leads"),
        Channel("C0OLD", "old-experiments", ["U0ANA", "U0CHEN"], is_archived=True),
    ]
