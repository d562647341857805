"""Sign-in tokens: what is accepted, every attack that is refused, and how signing keys are read and kept."""

import base64
import hmac
import json
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from shared.auth import (
    Authenticator,
    AuthError,
    KeySource,
    Principal,
    Role,
    issue,
    load_or_create_key,
    new_key,
    public_jwks,
)

AUDIENCE, ISSUER = "https://pianovivo.test", "https://accesso.test"
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
KEY = new_key("chiave-1")
STRANGER = new_key("chiave-1")
GOOD_JWKS = json.dumps(public_jwks([KEY])).encode()
HEADER = {"alg": "Ed25519", "kid": "chiave-1", "typ": "at+jwt"}
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "ufficio-casa",
    "org": "comune-019036",
    "role": "MUNICIPALITY",
    "ambito": "cremona",
    "iat": AT,
    "nbf": AT,
    "exp": AT + 600,
}
CREMONA = Principal("comune-019036", Role.MUNICIPALITY, "cremona", "ufficio-casa", "019036")


class Clock:
    def __init__(self) -> None:
        self.now = float(AT)

    def __call__(self) -> float:
        return self.now


def authenticator(folder: Path, *keys: Key, clock: Callable[[], float] = lambda: float(AT)) -> Authenticator:
    path = folder / "jwks.json"
    path.write_text(json.dumps(KeySet(list(keys)).as_dict(private=False)))
    return Authenticator(KeySource(path), AUDIENCE, ISSUER, clock)


def signed(key: Key = KEY, header: dict[str, Any] | None = None, without: str = "", **claims: object) -> str:
    """A token like the good one but for what is said; None in `header` takes a member away."""
    head = {name: value for name, value in {**HEADER, **(header or {})}.items() if value is not None}
    body = {name: value for name, value in {**CLAIMS, **claims}.items() if name != without}
    return jwt.encode(head, body, key, algorithms=[head["alg"]], default_type=None)


def forged(header: object, sign: Callable[[bytes], bytes] = lambda _: b"") -> str:
    """A token put together by hand, for what no library agrees to write."""
    signing_input = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(CLAIMS).encode())}"
    return f"{signing_input}.{base64url(sign(signing_input.encode()))}"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def critical(name: str, value: object) -> str:
    """Really signed with the right key, over a header that declares a critical extension."""
    return forged({**HEADER, "crit": [name], name: value}, KEY.get_op_key("sign").sign)  # type: ignore[union-attr]


def with_payload_of_another() -> str:
    head, _, signature = signed().split(".")
    _, body, _ = signed(org="comune-019035").split(".")
    return f"{head}.{body}.{signature}"


def signed_with_public_key_as_secret() -> str:
    public = KEY.as_pem(private=False)
    return forged({**HEADER, "alg": "HS256"}, lambda message: hmac.digest(public, message, "sha256"))


ATTACKS: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: forged({**HEADER, "alg": "none"}), "token-malformed"),
    "HS256 keyed with the public key": (signed_with_public_key_as_secret, "token-malformed"),
    "signed by somebody else": (lambda: signed(STRANGER), "token-malformed"),
    "somebody else’s key in the header": (
        lambda: signed(STRANGER, {"jwk": STRANGER.as_dict(private=False)}),
        "token-malformed",
    ),
    "payload exchanged": (with_payload_of_another, "token-malformed"),
    "no kid": (lambda: signed(header={"kid": None}), "token-unknown-key"),
    "unknown kid": (lambda: signed(header={"kid": "chiave-2"}), "token-unknown-key"),
    "unknown crit": (lambda: critical("urn:x", True), "token-malformed"),
    "crit known to the library, not to us": (lambda: critical("b64", True), "token-malformed"),
    "an identity token": (lambda: signed(header={"typ": "JWT"}), "token-wrong-type"),
    "no typ": (lambda: signed(header={"typ": None}), "token-wrong-type"),
    "too long": (lambda: signed(padding="x" * 8_192), "token-malformed"),
    "expired": (lambda: signed(iat=AT - 600, nbf=AT - 600, exp=AT - 31), "token-expired"),
    "never expires": (lambda: signed(without="exp"), "token-incomplete"),
    "expires at NaN": (lambda: signed(exp=float("nan")), "token-refused"),
    "not yet valid": (lambda: signed(nbf=AT + 31), "token-refused"),
    "issued in the future": (lambda: signed(iat=AT + 31), "token-refused"),
    "expired before it was issued": (lambda: signed(iat=AT + 20, exp=AT + 10), "token-refused"),
    "no time of issue": (lambda: signed(without="iat"), "token-incomplete"),
    "for another audience": (lambda: signed(aud="https://altro.test"), "token-refused"),
    "for no audience": (lambda: signed(without="aud"), "token-incomplete"),
    "from another issuer": (lambda: signed(iss="https://altro.test"), "token-refused"),
    "from no issuer": (lambda: signed(without="iss"), "token-incomplete"),
    "no subject": (lambda: signed(without="sub"), "token-incomplete"),
    "no organisation": (lambda: signed(without="org"), "token-incomplete"),
    "no role": (lambda: signed(without="role"), "token-incomplete"),
    "no ambito": (lambda: signed(without="ambito"), "token-incomplete"),
    "invented role": (lambda: signed(role="ADMIN"), "token-refused"),
    "several organisations": (lambda: signed(org=["comune-019036", "comune-019035"]), "token-refused"),
    "municipality without ISTAT code": (lambda: signed(org="comune-cremona"), "token-refused"),
    "subject of two words": (lambda: signed(sub="ufficio casa"), "token-refused"),
    "organisation with a line break": (lambda: signed(org="comune-019036\n"), "token-refused"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_refuses(attack: str, tmp_path: Path) -> None:
    token, code = ATTACKS[attack]
    with pytest.raises(AuthError) as refusal:
        authenticator(tmp_path, KEY).principal(token())
    assert (refusal.value.code, refusal.value.status) == (code, 401)


def test_accepts_the_token_every_attack_starts_from(tmp_path: Path) -> None:
    assert authenticator(tmp_path, KEY).principal(signed()) == CREMONA


@example("\ud800")
@example(forged(["alg"]))
@example(forged({**HEADER, "crit": 5}))
@given(st.one_of(st.text(), st.builds(forged, st.recursive(st.none() | st.integers() | st.text(), st.lists))))
def test_garbage_raises_nothing_but_auth_error(token: str) -> None:
    with pytest.raises(AuthError):
        Authenticator(KeySource(Path("missing.json")), AUDIENCE, ISSUER).principal(token)


@given(
    st.dictionaries(st.sampled_from([*HEADER, "crit", "b64"]), st.one_of(st.none(), st.integers(), st.lists(st.text())))
)
def test_header_members_of_any_type_raise_nothing_but_auth_error(members: dict[str, object]) -> None:
    with pytest.raises(AuthError):
        Authenticator(KeySource(Path("missing.json")), AUDIENCE, ISSUER).principal(forged({**HEADER, **members}))


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", ECKey.generate_key("P-256", {"kid": "k"})),
        ("PS256", RSAKey.generate_key(2048, {"kid": "k"})),
        ("RS256", RSAKey.generate_key(2048, {"kid": "k"})),
        ("EdDSA", OKPKey.generate_key("Ed25519", {"kid": "k"})),
    ],
)
def test_accepts_the_algorithms_of_common_issuers(algorithm: str, key: Key, tmp_path: Path) -> None:
    token = signed(key, {"alg": algorithm, "kid": "k", "typ": "application/at+jwt"}, aud=["other", AUDIENCE])
    assert authenticator(tmp_path, key).principal(token) == CREMONA


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    ("algorithm", "key", "code"),
    [
        ("RS512", RSAKey.generate_key(2048, {"kid": "k"}), "token-malformed"),
        ("HS256", OctKey.generate_key(256, {"kid": "k"}), "token-malformed"),
        ("EdDSA", OKPKey.generate_key("Ed448", {"kid": "k"}), "token-unknown-key"),
        ("ES256", ECKey.generate_key("P-256", {"kid": "k", "use": "enc"}), "token-malformed"),
    ],
)
def test_refuses_other_algorithms_and_keys_though_the_issuer_lists_them(
    algorithm: str, key: Key, code: str, tmp_path: Path
) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key.as_dict()]}))
    signer = key if key.get("use") is None else ECKey.import_key({**key.as_dict(private=True), "use": "sig"})
    with pytest.raises(AuthError) as refusal:
        Authenticator(KeySource(tmp_path / "jwks.json"), AUDIENCE, ISSUER, lambda: float(AT)).principal(
            signed(signer, {"alg": algorithm, "kid": "k"})
        )
    assert refusal.value.code == code


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_weak_rsa_key_is_no_key(tmp_path: Path) -> None:
    weak = RSAKey.generate_key(1024, {"kid": "k"})
    with pytest.raises(AuthError, match="token-unknown-key"):
        authenticator(tmp_path, weak).principal(signed(weak, {"alg": "RS256", "kid": "k"}))


def test_broken_keys_do_not_hide_the_good_one(tmp_path: Path) -> None:
    broken: list[object] = [
        7,
        {"kty": []},
        {"kty": "AKP"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
    ]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [*broken, *public_jwks([KEY])["keys"]]}))
    assert KeySource(path).key("chiave-1") is not None


def test_a_shared_secret_is_never_a_key(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [{"kty": "oct", "kid": "k", "k": "A" * 43}]}))
    assert KeySource(path).key("k") is None


@pytest.mark.parametrize(
    ("organisation", "role", "istat_code"),
    [
        ("aler-bcm", Role.OWNER, None),
        ("comune-019036", Role.MUNICIPALITY, "019036"),
        ("comune-019036", Role.LEAD, None),
        ("regione-lombardia", Role.REGION, None),
    ],
)
def test_an_issued_token_gives_back_its_principal(
    organisation: str, role: Role, istat_code: str | None, tmp_path: Path
) -> None:
    token = issue(KEY, organisation, role, "cremona", AUDIENCE, ISSUER, NOW, timedelta(minutes=10), "ufficio")
    principal = authenticator(tmp_path, KEY).principal(token)
    assert principal == Principal(organisation, role, "cremona", "ufficio", istat_code)


def test_an_issued_token_ends_with_its_lifetime(tmp_path: Path) -> None:
    clock = Clock()
    check = authenticator(tmp_path, KEY, clock=clock)
    token = issue(KEY, "aler-bcm", Role.OWNER, "cremona", AUDIENCE, ISSUER, NOW, timedelta(minutes=10), "ufficio")
    clock.now += 600 + 29  # within the 30 s granted to clocks that differ
    assert check.principal(token).organisation == "aler-bcm"
    clock.now += 1
    with pytest.raises(AuthError, match="token-expired"):
        check.principal(token)


def test_does_not_issue_what_no_service_would_accept() -> None:
    with pytest.raises(ValueError, match="not the id of a municipality"):
        issue(KEY, "aler-bcm", Role.MUNICIPALITY, "cremona", AUDIENCE, ISSUER, NOW, timedelta(1), "ufficio")


class Issuer:
    """A real HTTP server that publishes a JWK set and counts who asks."""

    def __init__(self) -> None:
        self.answer = (200, GOOD_JWKS)
        self.request_count = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.request_count += 1
                self.send_response(issuer.answer[0])
                self.send_header("Location", f"{issuer.url}/elsewhere")
                self.send_header("Content-Length", str(len(issuer.answer[1])))
                self.end_headers()
                self.wfile.write(issuer.answer[1])

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Keep the test output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    thread = Thread(target=issuer.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield issuer
    issuer.server.shutdown()
    thread.join()
    issuer.server.server_close()


def test_keys_are_read_once_while_fresh_and_again_when_not(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySource(issuer.url, fresh_for=600, clock=clock)
    for seconds, expected in ((0, 1), (599, 1), (1, 2)):
        clock.now += seconds
        assert keys.key("chiave-1") is not None
        assert issuer.request_count == expected


def test_a_rotated_key_is_found_at_once_and_the_old_one_forgotten(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySource(issuer.url, min_interval=30, clock=clock)
    assert keys.key("chiave-1") is not None
    issuer.answer = (200, json.dumps(public_jwks([new_key("chiave-2")])).encode())
    clock.now += 30
    assert keys.key("chiave-2") is not None
    assert keys.key("chiave-1") is None


def test_a_thousand_invented_kids_cost_the_issuer_one_request(issuer: Issuer) -> None:
    keys = KeySource(issuer.url, clock=Clock())
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(keys.key, (f"inventata-{number}" for number in range(1_000))))
    assert issuer.request_count == 1


@pytest.mark.parametrize(
    "answer",
    [(500, GOOD_JWKS), (302, GOOD_JWKS), (200, b"[]"), (200, b"not json"), (200, GOOD_JWKS.ljust(262_145))],
    ids=["server error", "redirect", "not a set", "not JSON", "too large"],
)
def test_while_the_issuer_fails_old_keys_serve_until_their_age_limit(issuer: Issuer, answer: tuple[int, bytes]) -> None:
    clock = Clock()
    keys = KeySource(issuer.url, fresh_for=600, max_age=3_600, clock=clock)
    assert keys.key("chiave-1") is not None
    issuer.answer = answer
    clock.now += 3_599
    assert keys.key("chiave-1") is not None
    clock.now += 1
    with pytest.raises(AuthError) as refusal:
        keys.key("chiave-1")
    assert (refusal.value.code, refusal.value.status) == ("keys-unavailable", 503)
    assert issuer.request_count == 2


@pytest.mark.parametrize("url", ["http://accesso.test/jwks", "http://127.0.0.1.accesso.test/", "ftp://accesso.test/"])
def test_keys_never_come_over_an_open_network(url: str) -> None:
    with pytest.raises(ValueError, match="over https"):
        KeySource(url)


def test_the_key_file_is_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "chiave.json"
    first = load_or_create_key(path, "chiave-1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path, "chiave-2") == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["chiave.json"]
    path.chmod(0o640)
    with pytest.raises(PermissionError, match="chmod 600"):
        load_or_create_key(path, "chiave-1")


def test_processes_starting_together_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda number: load_or_create_key(tmp_path / "chiave.json", f"k{number}"), range(8)))
    assert all(key == keys[0] for key in keys)


def test_the_public_set_holds_no_private_number() -> None:
    (key,) = public_jwks([KEY])["keys"]
    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x"]
