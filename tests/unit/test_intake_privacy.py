"""Prompts and answers never come out of the intake, whatever the payload."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from core.errors import BudgetError
from core.intake.detect import Format, detect, read_any
from tests.support.payloads import NOW, body, payload_names, span, spans

SECRET = "xq-the-secret-recipe-xq"
_TEXT_KEYS = re.compile(
    r"content|\btext\b|messages|input\.value|output\.value|final_result|all_messages|prompt$", re.IGNORECASE
)
_STORED = [name for name in payload_names() if not name.startswith("usage-objects/")]


def outputs(raw: bytes, caplog: pytest.LogCaptureFixture) -> str:
    """Everything that comes out: what is handed over, refusals, exceptions and logs."""
    with caplog.at_level(logging.DEBUG):
        try:
            found = repr(read_any(raw, detect(raw), received_at=NOW))
        except BudgetError as refusal:
            found = refusal.message
    return found + caplog.text


def replaced(value: Any, key: str = "") -> Any:
    """The same JSON with every text of a prompt or an answer replaced by the secret, also inside JSON kept as text."""
    if isinstance(value, dict):
        if isinstance(value.get("key"), str) and isinstance(value.get("value"), dict):
            return value | {"value": replaced(value["value"], value["key"])}
        return {name: replaced(part, name if name != "stringValue" else key) for name, part in value.items()}
    if isinstance(value, list):
        return [replaced(part, key) for part in value]
    if not isinstance(value, str):
        return value
    if value.startswith(("{", "[")) and ("content" in value or "text" in value or "Hi" in value or "Hello" in value):
        return value.replace("Hello", SECRET).replace("Hi", SECRET).replace("cache me", SECRET)
    return SECRET if _TEXT_KEYS.search(key) and not key.endswith("type") else value


@pytest.mark.parametrize("name", [name for name in _STORED if name.endswith(".json")])
def test_no_text_of_a_stored_json_payload_comes_out(name: str, caplog: pytest.LogCaptureFixture) -> None:
    changed = json.dumps(replaced(json.loads(body(name)))).encode()
    if name.startswith("litellm/") or "openinference" in name or "pydantic" in name or "traceloop" in name:
        assert SECRET.encode() in changed, "the payload has texts to hide"
    assert SECRET not in outputs(changed, caplog)


@pytest.mark.parametrize("name", [name for name in _STORED if name.endswith((".pb", ".pb.gz"))])
def test_no_text_of_a_stored_protobuf_payload_comes_out(name: str, caplog: pytest.LogCaptureFixture) -> None:
    raw = body(name)
    hidden = raw.replace(b"Hello", b"Xq0Xq")
    found = outputs(hidden, caplog)
    for text in ("Hello", "Xq0Xq", "'Hi'", '"Hi"', "cache me"):
        assert text not in found


@pytest.mark.parametrize(
    "key",
    ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt.0.content",
     "gen_ai.completion.0.content", "input.value", "output.value", "llm.input_messages.0.message.content",
     "llm.output_messages.0.message.content", "pydantic_ai.all_messages", "final_result", "request_data",
     "response_data", "exception.stacktrace", "exception.message", "error.message", "ai.prompt", "ai.response.text",
     "traceloop.entity.input", "langfuse.observation.input", "metadata", "llm.invocation_parameters", "mlflow.spanInputs",
     "gen_ai.usage.raw", "metadata.usage_object", "user.email", "host.name", "gen_ai.tool.call.arguments"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["{text}", '{{"content": "{text}", "messages": [{{"content": "{text}"}}]}}'])
def test_no_attribute_with_content_comes_out(key: str, form: str, caplog: pytest.LogCaptureFixture) -> None:
    made = span(**{key.replace(".", "__"): form.format(text=SECRET), "gen_ai__usage__input_tokens": 5})
    assert SECRET not in outputs(spans(made), caplog)


def test_the_text_of_an_error_does_not_come_out(caplog: pytest.LogCaptureFixture) -> None:
    made = span(error__type=f"No such file: {SECRET}", failed=True)
    made["status"]["message"] = SECRET
    made["events"] = [{"name": SECRET, "attributes": []}]
    assert SECRET not in outputs(spans(made), caplog)


@pytest.mark.parametrize(
    "field", ["messages", "response", "error_str", "model_parameters", "hidden_params", "metadata"]
)
def test_litellms_sensitive_fields_do_not_come_out(field: str, caplog: pytest.LogCaptureFixture) -> None:
    call = json.loads(body("litellm/generic_api_batch.as-sent.json"))[0]
    for value in (SECRET, {"content": SECRET}, [{"content": SECRET}]):
        assert SECRET not in outputs(json.dumps([call | {field: value}]).encode(), caplog)


def test_a_broken_payload_is_refused_without_repeating_it(caplog: pytest.LogCaptureFixture) -> None:
    for raw in (
        f'{{"litellm_call_id": "{SECRET}"',
        f'{{"resourceSpans": "{SECRET}"}}',
        f'[{{"call_type": "{SECRET}", ]',
    ):
        for form in (Format.LITELLM, Format.OTLP, Format.OPENAI, Format.ANTHROPIC):
            try:
                found = repr(read_any(raw.encode(), form, received_at=NOW).refused)
            except BudgetError as refusal:
                found = refusal.message
            assert SECRET not in found
    assert SECRET not in caplog.text
