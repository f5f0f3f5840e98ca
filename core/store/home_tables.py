"""The Home tabs that people have opened, so that they can be shown anew when something on them changes."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.store.tables import INSTANT


class HomePageRow(SQLModel, table=True):
    """One person's Home tab.

    Attributes:
      shown: a digest of what the front page says; "" when it has to be published anew.
      is_away: the person reads an answer in the tab; the front page must not push it aside.
    """

    __tablename__ = "home_pages"
    person: str = Field(primary_key=True)
    shown: str = ""
    is_away: bool = False
    opened_at: datetime = Field(sa_type=INSTANT, index=True)
