"""Webhook signatures against a published vector and a second implementation by hand."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.signatures import secret_from, signed_headers

KEY, OLD_KEY = bytes(range(24)), bytes(range(64))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def hmac_by_hand(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_the_oracle_reproduces_the_published_vector() -> None:
    # Worked example of Svix's "Verifying webhooks manually"; its 18-byte key is below the 24 that the specification
    # asks for, so it checks the oracle, and the oracle checks our code.
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    published = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
    assert hmac_by_hand(key, "msg_loFOjxBNrRLzqYUf", "1731705121", body) == published


@given(
    key=st.binary(min_size=24, max_size=64),
    message_id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    seconds=st.integers(min_value=0, max_value=4 * 10**9),
    text=st.text(),
)
def test_signature_is_the_hmac_of_id_timestamp_and_body(key: bytes, message_id: str, seconds: int, text: str) -> None:
    body = text.encode()
    headers = signed_headers(message_id, datetime.fromtimestamp(seconds, UTC), body, [secret_from(key)])
    assert headers == {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": hmac_by_hand(key, message_id, str(seconds), body),
    }


def test_while_a_secret_rotates_both_sign_the_current_one_first() -> None:
    headers = signed_headers("msg_1", AT, b"{}", [secret_from(KEY), secret_from(OLD_KEY)])
    timestamp = headers["webhook-timestamp"]
    expected = [hmac_by_hand(key, "msg_1", timestamp, b"{}") for key in (KEY, OLD_KEY)]
    assert headers["webhook-signature"].split(" ") == expected


def test_the_same_instant_in_another_zone_signs_the_same() -> None:
    in_rome = AT.astimezone(ZoneInfo("Europe/Rome"))
    assert signed_headers("msg_1", in_rome, b"{}", [secret_from(KEY)]) == signed_headers(
        "msg_1", AT, b"{}", [secret_from(KEY)]
    )


def test_the_timestamp_is_whole_seconds() -> None:
    # 2 March 2026 09:00 UTC: 20514 days after the epoch * 86400 + 9 * 3600.
    headers = signed_headers("msg_1", AT.replace(microsecond=999_999), b"{}", [secret_from(KEY)])
    assert headers["webhook-timestamp"] == str(20_514 * 86_400 + 9 * 3_600)


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_secret_needs_24_to_64_random_bytes(size: int) -> None:
    with pytest.raises(ValueError, match=f"24 to 64 bytes, these are {size}"):
        secret_from(bytes(size))


@pytest.mark.parametrize("message_id", ["", "msg.1", "msg 1", "msg\r\nhost: x", "è", "m" * 65])
def test_an_id_that_could_move_the_signed_boundaries_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="webhook-id"):
        signed_headers(message_id, AT, b"{}", [secret_from(KEY)])


@pytest.mark.parametrize(
    "secret",
    [
        base64.b64encode(KEY).decode(),  # no prefix
        "whsec_",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        secret_from(KEY)[:-1],  # cut while copying
        secret_from(KEY) + "*",  # a lenient decoder drops the asterisk
    ],
)
def test_a_damaged_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="a signing secret") as refusal:
        signed_headers("msg_1", AT, b"{}", [secret])
    assert len(secret) < 10 or secret not in str(refusal.value)


def test_no_secret_a_naive_instant_and_a_body_that_is_not_utf8_are_refused() -> None:
    with pytest.raises(ValueError, match="no secret"):
        signed_headers("msg_1", AT, b"{}", [])
    with pytest.raises(ValueError, match="time zone"):
        signed_headers("msg_1", AT.replace(tzinfo=None), b"{}", [secret_from(KEY)])
    with pytest.raises(ValueError, match="utf-8"):
        signed_headers("msg_1", AT, b"\xff", [secret_from(KEY)])
