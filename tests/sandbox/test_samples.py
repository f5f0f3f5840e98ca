"""Sample files that the page offers where a form takes one."""

from __future__ import annotations

import httpx

from sandbox import Sandbox


async def test_a_person_takes_a_sample_as_if_it_came_from_their_disk(box: Sandbox, control: httpx.AsyncClient) -> None:
    assert (await control.get("samples")).json()["samples"] == []
    box.samples["october.csv"] = b"date,cost\n"
    assert (await control.get("samples")).json()["samples"] == [{"name": "october.csv", "size": 10}]
    taken = (await control.post("sample", json={"user": "U0ANA", "name": "october.csv"})).json()
    assert (await control.get(f"files/{taken['file_id']}")).content == b"date,cost\n"


async def test_a_sample_that_is_not_there_is_said(control: httpx.AsyncClient) -> None:
    answer = (await control.post("sample", json={"user": "U0ANA", "name": "november.csv"})).json()
    assert (answer["ok"], answer["error"]) == (False, "there is no sample november.csv")
