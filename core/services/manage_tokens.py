"""Ingest tokens: random, shown once, stored hashed, scoped, revocable."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from core.errors import BadToken, MissingScope, NameTaken, OutOfRange, UnknownName
from core.store.source_rows import Source
from core.store.unit_of_work import UnitOfWork

SCOPES: Final = ("usage", "guard", "read")
_PREFIX: Final = "outlay_"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def hashed(token: str) -> str:
    """SHA-256 of a token. Enough without a slow hash: the token holds 256 random bits, nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create_token(
    uow: UnitOfWork, name: str, scopes: frozenset[str], *, by: str, now: datetime, days: int | None = None
) -> str:
    """Make a token and give it back, this once. Raises OutOfRange, NameTaken.

    Args:
      days: how long it holds; None = until revoked.
    """
    if not _NAME.fullmatch(name):
        raise OutOfRange(
            f"“{name[:40]}” is not a token name. Use 1 to 60 letters, digits, dots, hyphens or underscores."
        )
    if not scopes or scopes - set(SCOPES):
        raise OutOfRange(f"A token's scopes are some of {', '.join(SCOPES)}; “{','.join(sorted(scopes))}” is not.")
    if days is not None and not 1 <= days <= 3650:
        raise OutOfRange("A token can hold from 1 to 3650 days.")
    token = _PREFIX + secrets.token_urlsafe(32)
    async with uow.write() as tx:
        if await tx.sources.named(name):
            raise NameTaken(f"There is a token or import called “{name}” already. Revoke it or choose another name.")
        expires_at = now + timedelta(days=days) if days else None
        await tx.sources.add(name, scopes=scopes, token_hash=hashed(token), at=now, expires_at=expires_at)
        await tx.audit.append(at=now, actor=by, act="created token", subject=name, detail={"scopes": sorted(scopes)})
    return token


async def revoke_token(uow: UnitOfWork, name: str, *, by: str, now: datetime) -> None:
    """The token stops working at once; what it sent stays. Raises UnknownName."""
    async with uow.write() as tx:
        source = await tx.sources.named(name)
        if source is None or not source.has_token:
            raise UnknownName(f"There is no token called “{name}”. See them with `outlay token list`.")
        await tx.sources.revoke(source.id, at=now)
        await tx.audit.append(at=now, actor=by, act="revoked token", subject=name, detail={})


async def list_tokens(uow: UnitOfWork) -> tuple[Source, ...]:
    """All sources, tokens and imports, oldest first."""
    async with uow.read() as tx:
        return await tx.sources.all()


async def source_for(uow: UnitOfWork, token: str, scope: str, *, now: datetime) -> Source:
    """The source that a bearer token stands for. Raises BadToken saying in which way it is bad, or MissingScope.

    Looked up by hash: the comparison that an attacker could time is over a digest that they cannot steer.
    """
    async with uow.read() as tx:
        source = await tx.sources.by_token(hashed(token))
    if source is None:
        raise BadToken("This token is not known. Make one with `outlay token create NAME --scope usage`.")
    if source.revoked_at is not None:
        raise BadToken(f"The token {source.name} was revoked. Make a new one with `outlay token create`.")
    if source.expires_at is not None and source.expires_at <= now:
        raise BadToken(
            f"The token {source.name} expired on {source.expires_at:%Y-%m-%d}. Make a new one with `outlay token create`."
        )
    if scope not in source.scopes:
        raise MissingScope(f"The token {source.name} may not do this: it lacks the scope “{scope}”.")
    return source


async def import_source(uow: UnitOfWork, name: str, *, now: datetime) -> Source:
    """The source of a named import, made when it is new. Raises NameTaken when a token goes by that name."""
    async with uow.write() as tx:
        await tx.sources.add(name, scopes=frozenset(), token_hash=None, at=now)
        source = await tx.sources.named(name)
    assert source is not None
    if source.has_token:
        raise NameTaken(f"“{name}” is the name of a token. Give the import another one with --source.")
    return source
