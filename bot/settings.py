"""Settings from the environment or `.env`; the only place that reads either."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.close import DEFAULT_GRACE_DAYS, MOST_GRACE_DAYS, CloseTerms
from core.errors import OutOfRange, SettingsProblem
from core.people import USER_ID
from core.period import zone_named
from core.rates import parse_price
from core.services.guard_orders import Policy

_SHORTEST_KEPT_DAYS: Final = 100


class Settings(BaseSettings):
    """What Outlay is told from outside. Names are those of the environment variables, in lower case.

    Attributes:
      slack_signing_secret: needed for Slack over HTTP.
      slack_app_token: with it, Socket Mode is used and no public address is needed.
      slack_api_url: another Web API base, for stand-ins; ends with a slash.
      openai_admin_key, anthropic_admin_key: with one, what that provider counted is pulled every hour, as a check.
      outlay_openai_url, outlay_anthropic_url: other places to pull from, for stand-ins; the admin key is sent there.
      outlay_finance: Slack user ids of the finance team; the first owns what is unattributed until somebody else does.
      outlay_keep_events_days: how long single events stay after their month has ended; 0 keeps them for good. Sums always stay.
      outlay_learn: forecasts and proposed envelopes carry the correction factor of signed invoices; `false` switches it off.
      outlay_price_days: a price in use that nobody confirmed for longer is told to finance, once a month.
      outlay_guard_ceiling: dollars per million input/output tokens at which the guard holds a model without a price, or `deny`.
      outlay_guard_hold_seconds: how long a hold waits for its usage before it is charged.
      outlay_guard_wait_seconds: how long a request waits for money that others only hold before it is denied.
      outlay_grace_days: how long late usage still counts to a month that is over; then its estimate is frozen.
      outlay_readers: processes that read large bodies of traces and LiteLLM beside the bot; 0 reads them in the bot.
      outlay_carry_unspent: what an envelope did not use is added to the next month, for that one only.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", hide_input_in_errors=True
    )

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    outlay_database_url: str = "sqlite:///outlay.db"
    outlay_host: str = "127.0.0.1"
    outlay_port: Annotated[int, Field(ge=0, le=65535)] = 8400
    outlay_timezone: str = "UTC"
    outlay_finance: Annotated[tuple[str, ...], NoDecode] = ()
    outlay_channel: str | None = None
    openai_admin_key: SecretStr | None = None
    anthropic_admin_key: SecretStr | None = None
    outlay_openai_url: str = "https://api.openai.com/v1"
    outlay_anthropic_url: str = "https://api.anthropic.com"
    outlay_keep_events_days: Annotated[int, Field(ge=0)] = 400
    outlay_learn: bool = True
    outlay_price_days: Annotated[int, Field(ge=1, le=3650)] = 90
    outlay_guard_ceiling: str = "30/180"
    outlay_guard_hold_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    outlay_guard_wait_seconds: Annotated[float, Field(ge=0, le=30)] = 2.5
    outlay_grace_days: Annotated[int, Field(ge=0, le=MOST_GRACE_DAYS)] = DEFAULT_GRACE_DAYS
    outlay_readers: Annotated[int, Field(ge=0, le=8)] = 0
    outlay_carry_unspent: bool = False

    @field_validator("outlay_finance", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("outlay_finance")
    @classmethod
    def _ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for person in value:
            if not USER_ID.fullmatch(person):
                raise ValueError(
                    f"{person} is not a Slack user id (they look like U0123ABCD; profile → ⋮ → Copy member ID)"
                )
        return value

    @field_validator(
        "slack_bot_token", "slack_signing_secret", "slack_app_token", "outlay_channel", "openai_admin_key",
        "anthropic_admin_key", mode="before",
    )  # fmt: skip
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("slack_api_url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("outlay_keep_events_days")
    @classmethod
    def _reaches_back(cls, value: int) -> int:
        if 0 < value < _SHORTEST_KEPT_DAYS:
            raise ValueError(
                f"{value} is too few: past usage is looked at again for three months, so keep {_SHORTEST_KEPT_DAYS} or more, or 0 for all"
            )
        return value

    @field_validator("outlay_guard_ceiling")
    @classmethod
    def _prices(cls, value: str) -> str:
        _ceiling(value)
        return value

    @property
    def guard_policy(self) -> Policy:
        return Policy(_ceiling(self.outlay_guard_ceiling), self.outlay_guard_hold_seconds)

    @property
    def close_terms(self) -> CloseTerms:
        return CloseTerms(self.outlay_grace_days, self.outlay_carry_unspent)

    @field_validator("openai_admin_key", "anthropic_admin_key")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{1,500}", value.get_secret_value()):
            raise ValueError("a key is one word of letters, digits and signs; copy it again")
        return value

    @field_validator("outlay_openai_url", "outlay_anthropic_url", mode="before")
    @classmethod
    def _blank_is_usual(cls, value: object, known: ValidationInfo) -> object:
        is_blank = isinstance(value, str) and not value.strip()
        return cls.model_fields[str(known.field_name)].default if is_blank else value

    @field_validator("outlay_openai_url", "outlay_anthropic_url")
    @classmethod
    def _keeps_the_key_private(cls, value: str, known: ValidationInfo) -> str:
        if known.data.get(f"{str(known.field_name).split('_')[1]}_admin_key") is None:
            return value  # meant for other programs: many people point their SDKs at a gateway with it
        address = urlsplit(value)
        is_here = address.scheme == "http" and address.hostname in ("localhost", "127.0.0.1", "::1")
        if not address.hostname or address.username or not (address.scheme == "https" or is_here):
            raise ValueError("the admin key is sent there, so it has to be https://, or http:// on this machine")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The books' time zone. Raises SettingsProblem."""
        return zone_named(self.outlay_timezone)

    @property
    def default_finance(self) -> str | None:
        return self.outlay_finance[0] if self.outlay_finance else None

    def require_slack(self) -> None:
        """Raises SettingsProblem naming what is missing to talk to Slack."""
        if self.slack_bot_token is None:
            raise SettingsProblem(
                "SLACK_BOT_TOKEN is not set. Put it into .env (docs/slack-setup.md shows where to find it), or try `outlay demo`."
            )
        if self.slack_app_token is None and self.slack_signing_secret is None:
            raise SettingsProblem(
                "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for Slack over HTTP (docs/slack-setup.md)."
            )


def _ceiling(text: str) -> tuple[int, int] | None:
    """Nanos per million tokens, or None for `deny`. Raises ValueError."""
    if text.strip().lower() == "deny":
        return None
    into, separator, out = text.partition("/")
    try:
        prices = parse_price(into), parse_price(out)
    except OutOfRange as wrong:
        raise ValueError(wrong.message) from wrong
    if not separator or 0 in prices:
        raise ValueError(
            f"“{text[:40]}” is not a ceiling. Write it like 30/180 (dollars per million input/output tokens), or deny"
        )
    return prices


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings. Raises SettingsProblem naming the variable, never its value."""
    try:
        return Settings(_env_file=env_file)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "A setting"
        raise SettingsProblem(f"{name} cannot be used: {first['msg'].removeprefix('Value error, ')}.") from wrong
