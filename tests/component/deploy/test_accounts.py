"""`pianovivo auth`: accounts made, listed, reset and closed by the operator, and what the log says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.people import People, Refused
from shared.settings import Settings
from tests.support.operator import pianovivo, told

ADD = ("auth", "add", "ufficio-casa", "--organisation", "comune-019026", "--role", "MUNICIPALITY")


async def test_the_life_of_an_account(tmp_path: Path) -> None:
    home = {"home": tmp_path}
    [(name, first)] = re.findall(r"(\S+): (\S{20})\n", await told(home, *ADD))
    assert name == "ufficio-casa"
    people = People(Settings(home=tmp_path))
    try:
        cookie = await people.sign_in(name, first, "192.0.2.7")
        assert await told(home, "auth", "list") == "ufficio-casa\tcomune-019026\tMUNICIPALITY\topen\n"
        [second] = re.findall(r"ufficio-casa: (\S{20})\n", await told(home, "auth", "reset", name))
        assert await people.session_of(cookie) is None
        with pytest.raises(Refused):
            await people.sign_in(name, first, "192.0.2.7")
        await people.sign_in(name, second, "192.0.2.7")
        assert await told(home, "auth", "close", name) == "ufficio-casa: closed\n"
        with pytest.raises(Refused):
            await people.sign_in(name, second, "192.0.2.7")
    finally:
        await people.close()
    assert (await told(home, "auth", "list")).endswith("closed\n")
    log = [line.split("\t")[1:] for line in (await told(home, "auth", "log")).splitlines()]
    who = ["account", "account ufficio-casa", "comune-019026"]
    assert log == [
        ["account-made", *who, "-"],
        ["signed-in", *who, "192.0.2.7"],
        ["password-reset", *who, "-"],
        ["refused", *who, "192.0.2.7"],
        ["signed-in", *who, "192.0.2.7"],
        ["account-closed", *who, "-"],
        ["refused", *who, "192.0.2.7"],
    ]
    assert len((await told(home, "auth", "log", "--last", "2")).splitlines()) == 2
    whole = await told(home, "auth", "verify-log")
    [head] = re.findall(r"^7 lines, as they were written; head ([0-9a-f]{64})\n$", whole)
    assert await told(home, "auth", "verify-log", "--expect", head) == whole
    other = await pianovivo(home, "auth", "verify-log", "--expect", "0" * 64)
    assert (other.status, "lines at its end were taken away" in other.err) == (1, True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((*ADD[:3], "--organisation", "aler-bcm", "--role", "MUNICIPALITY"), "is not the id of a municipality"),
        ((*ADD[:2], "due parole", *ADD[3:]), "'due parole' does not match"),
        (("auth", "reset", "nessuno"), "there is no account 'nessuno'; `pianovivo auth list` names them"),
        (("auth", "close", "nessuno"), "there is no account 'nessuno'"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(tmp_path: Path, command: tuple[str, ...], said: str) -> None:
    answer = await pianovivo({"home": tmp_path}, *command)
    assert answer.status == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


async def test_a_name_is_given_once(tmp_path: Path) -> None:
    await told({"home": tmp_path}, *ADD)
    answer = await pianovivo({"home": tmp_path}, *ADD)
    assert "there is an account 'ufficio-casa', or there was one" in answer.err
