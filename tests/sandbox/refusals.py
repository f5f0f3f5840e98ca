"""Expecting a refusal by its Slack code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from slack_sdk.errors import SlackApiError


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[SlackApiError]]:
    """The block must raise SlackApiError with `error` equal to `code`; its answer is in `caught.value.response`."""
    with pytest.raises(SlackApiError) as caught:
        yield caught
    assert caught.value.response["error"] == code
