"""Which format a payload is in."""

from __future__ import annotations

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from core.errors import Unreadable
from core.intake.detect import HEAD, Format, detect, read_any
from tests.support.payloads import FIXTURES, NOW, body

_BY_FOLDER = {"otlp": Format.OTLP, "litellm": Format.LITELLM, "openai": Format.OPENAI, "anthropic": Format.ANTHROPIC,
              "focus": Format.FOCUS}  # fmt: skip
_OTHERS = {"aws_cur2_bedrock.csv": Format.AWS_BILL, "bedrock_model_invocation_log.json": Format.BEDROCK,
           "claude_code_otel_log.json": Format.OTLP_LOGS}  # fmt: skip
_NATIVE = b'{"id": "a", "at": "2026-11-02T09:14:03Z", "provider": "openai", "model": "gpt-4.1", "input_tokens": 5}'


@pytest.mark.parametrize(
    "path", [p for folder in _BY_FOLDER for p in sorted((FIXTURES / folder).iterdir())], ids=lambda path: path.name
)  # fmt: skip
def test_stored_payloads_are_recognised(path) -> None:  # type: ignore[no-untyped-def]
    if path.name == "observed-vs-truth.json":
        with pytest.raises(Unreadable):
            detect(path.read_bytes())
        return
    assert detect(body(str(path.relative_to(FIXTURES)))[:HEAD]) is _BY_FOLDER[path.parent.name]


@pytest.mark.parametrize(("name", "form"), _OTHERS.items())
def test_other_payloads_are_recognised(name: str, form: Format) -> None:
    assert detect(body(f"others/{name}")[:HEAD]) is form


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (_NATIVE, Format.NATIVE),
        (b"\xef\xbb\xbf[" + _NATIVE + b"]", Format.NATIVE),
        (b"id,at,provider,model,input_tokens\n", Format.NATIVE),
        (b"when;model;tokens_in\n", Format.TABLE),
        (b"\x1f\x8b\x08", Format.GZIP),
        (b"PAR1", Format.PARQUET),
    ],
)
def test_own_events_tables_and_packed_files_are_recognised(head: bytes, form: Format) -> None:
    assert detect(head) is form


def test_words_inside_a_text_do_not_decide() -> None:
    told = _NATIVE[:-1] + rb', "tags": {"feature": "\"resourceSpans\": []"}}'
    assert detect(told) is Format.NATIVE


@pytest.mark.parametrize("junk", [b"hello world", b"{}", b'{"a": 1}', b"\x00\x01\x02", b"[1, 2]"])
def test_anything_else_is_unreadable_and_says_how_to_help(junk: bytes) -> None:
    with pytest.raises(Unreadable, match="--format"):
        detect(junk)


def test_own_events_read_as_exact_records() -> None:
    (record,) = read_any(_NATIVE, Format.NATIVE, received_at=NOW).records
    assert (record.source_key, record.quality.value) == ("a", "exact")


def test_a_table_shows_how_it_was_read() -> None:
    taken = read_any(b"time,model,prompt\n1793620833,gpt-5.1,5\n", Format.TABLE, received_at=NOW,
                     mapping=["input_tokens=prompt"])  # fmt: skip
    assert taken.records[0].event.input_tokens == 5
    assert any("input_tokens" in problem and "prompt" in problem for problem in taken.problems)


def test_logs_sent_as_traces_are_read_as_logs() -> None:
    told = body("others/claude_code_otel_log.json")
    packed = json_format.Parse(told, ExportLogsServiceRequest()).SerializeToString()
    for raw in (told, packed):
        assert len(read_any(raw, Format.OTLP, received_at=NOW).records) == 1
    assert detect(packed) is Format.OTLP


def test_a_packed_file_has_to_be_unpacked() -> None:
    with pytest.raises(Unreadable, match="unpacked"):
        read_any(b"\x1f\x8b", Format.GZIP, received_at=NOW)


def test_an_empty_file_is_called_empty() -> None:
    with pytest.raises(Unreadable, match="The file is empty"):
        detect(b"\xef\xbb\xbf\n")
