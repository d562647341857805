"""Signing in with a real OpenID provider on loopback: the way there and back, and every way it may go wrong."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from services.notifier.app import create_http, create_runtime
from services.notifier.settings import NotifierSettings
from shared.auth import new_key, public_jwks
from shared.forms import SESSION_COOKIE, VISIT_COOKIE
from shared.settings import SettingsError, load
from tests.support.openid import Provider, providing
from tests.support.signing import submitted

PERSON, HERE = "ufficio-casa", "http://127.0.0.1:8004"
STRANGERS: list[dict[str, Any]] = [
    {},
    {"org": "comune-019026"},
    {"org": "comune-019026", "role": "KING"},
    {"org": "aler-bcm", "role": "MUNICIPALITY"},
    {"org": ["comune-019026"], "role": "MUNICIPALITY"},
    {"org": "comune-019026", "role": "MUNICIPALITY", "ambito": "altrove"},
]
PEOPLE = {PERSON: {"org": "comune-019026", "role": "MUNICIPALITY"}} | {
    f"nobody-{number}": claims for number, claims in enumerate(STRANGERS)
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing(PEOPLE) as running:
        yield running


@pytest.fixture
async def browser(tmp_path: Path, provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    keys = tmp_path / "keys" / "jwks.json"
    keys.parent.mkdir()
    keys.write_text(json.dumps(public_jwks([new_key("chiave-di-prova")])))
    client_of = {"oidc_issuer": provider.url, "oidc_client_id": "piano-vivo", "oidc_client_secret": "segreto-di-prova"}
    app = create_http(create_runtime(NotifierSettings(home=tmp_path, **client_of)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
        yield client
    await app.state.people.close()
    await app.state.runtime.transport.stop()


async def away(browser: httpx.AsyncClient, following: str = "") -> str:
    """Where the person is sent to prove who they are."""
    answer = await browser.get("/sign-in/provider", params={"next": following})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def refused(browser: httpx.AsyncClient, back: str, status: int = 401) -> str:
    """What the page says that tells why nobody was let in."""
    answer = await browser.get(back)
    assert (answer.status_code, SESSION_COOKIE in browser.cookies) == (status, False), answer.text
    found = re.search(r'role="alert"[^>]*>(.*?)</div>', answer.text)
    assert found, answer.text
    return found[1]


async def test_there_and_back_and_out_again(provider: Provider, browser: httpx.AsyncClient) -> None:
    asked = await browser.get("/inbox?show=read")
    page = await browser.get(asked.headers["location"])
    assert 'href="/sign-in/provider?next=/inbox%3Fshow%3Dread"' in page.text
    assert 'name="password"' not in page.text
    answer = await browser.get(provider.agree(await away(browser, "/inbox?show=read"), PERSON))
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox?show=read")
    account = (await browser.get("/account")).text
    for said in (PERSON, "Comune di Castelverde", "Comune, che trasmette i propri dati"):
        assert said in account
    assert "Cambiare la password" not in account
    left = await submitted(browser, "/account", "/sign-out")
    out = await browser.get(left.headers["location"])
    assert f"{provider.url}/oauth2/end_session?client_id=piano-vivo&amp;post_logout_redirect_uri=" in out.text
    assert (await browser.get("/account")).status_code == 303


async def test_local_passwords_are_not_taken_beside_a_provider(browser: httpx.AsyncClient) -> None:
    answer = await submitted(browser, "/sign-in", "/sign-in", name=PERSON, password="una frase lunga")
    assert answer.status_code == 403


async def test_what_began_in_another_browser_does_not_end_here(provider: Provider, browser: httpx.AsyncClient) -> None:
    back = provider.agree(await away(browser), PERSON)
    browser.cookies.delete(VISIT_COOKIE)
    assert "non è cominciato in questo browser" in await refused(browser, back)


@pytest.mark.parametrize("state", ["", "x", "x.L2luYm94", "x" * 43 + ".Ly9hbHRyby50ZXN0"])
async def test_a_state_of_somebody_else_is_refused(provider: Provider, browser: httpx.AsyncClient, state: str) -> None:
    back = urlsplit(provider.agree(await away(browser), PERSON))
    forged = back._replace(query=urlencode(dict(parse_qsl(back.query)) | {"state": state}))
    assert "non è cominciato in questo browser" in await refused(browser, forged.geturl())


async def test_a_code_is_good_once(provider: Provider, browser: httpx.AsyncClient) -> None:
    back = provider.agree(await away(browser), PERSON)
    visit = browser.cookies[VISIT_COOKIE]
    assert (await browser.get(back)).status_code == 303
    browser.cookies.clear()
    browser.cookies.set(VISIT_COOKIE, visit, domain="127.0.0.1")
    assert "non ha confermato" in await refused(browser, back)


@pytest.mark.parametrize("address", ["https://altro.test/", "//altro.test", "/\\altro.test"])
async def test_nobody_comes_back_to_another_site(provider: Provider, browser: httpx.AsyncClient, address: str) -> None:
    answer = await browser.get(provider.agree(await away(browser, address), PERSON))
    assert answer.headers["location"] == "/inbox"


@pytest.mark.parametrize("number", range(len(STRANGERS)))
async def test_who_is_of_no_organisation_is_known_and_not_let_in(
    provider: Provider, browser: httpx.AsyncClient, number: int
) -> None:
    back = provider.agree(await away(browser), f"nobody-{number}")
    assert "a nessuna organizzazione" in await refused(browser, back)


async def test_who_does_not_agree_is_not_let_in(provider: Provider, browser: httpx.AsyncClient) -> None:
    back = provider.agree(await away(browser), PERSON, action="deny")
    assert "error=access_denied" in back
    await refused(browser, back)


NOW = int(time.time())
LIES: dict[str, dict[str, Any]] = {
    "another audience": {"header": {}, "aud": "another-client"},
    "another issuer": {"header": {}, "iss": "https://altro.test"},
    "another nonce": {"header": {}, "nonce": "x" * 43},
    "no nonce": {"header": {}, "nonce": None},
    "expired": {"header": {}, "exp": NOW - 60, "iat": NOW - 120},
    "never expires": {"header": {}, "exp": None},
    "not of this access token": {"header": {}, "at_hash": "x" * 22},
    "for another party of the audience": {"header": {}, "aud": ["piano-vivo", "b"], "azp": "b"},
    "a key it does not publish": {"header": {"kid": "x"}, "key": RSAKey.generate_key(2048, {"kid": "x"})},
    "its key’s name on another key": {"header": {}, "key": RSAKey.generate_key(2048, {"kid": "its-own"})},
    "a symmetric algorithm": {"header": {"alg": "HS256"}, "key": OctKey.import_key("piano-vivo" * 4)},
    "no algorithm": {"header": {"alg": "none"}, "key": OctKey.import_key("piano-vivo" * 4)},
}


async def test_an_id_token_signed_by_the_provider_is_taken(provider: Provider, browser: httpx.AsyncClient) -> None:
    provider.lie({})
    assert (await browser.get(provider.agree(await away(browser), PERSON))).status_code == 303
    assert SESSION_COOKIE in browser.cookies


@pytest.mark.parametrize("lie", LIES)
async def test_an_id_token_that_proves_nothing_is_refused(
    provider: Provider, browser: httpx.AsyncClient, lie: str
) -> None:
    provider.lie(**LIES[lie])
    assert "non ha confermato" in await refused(browser, provider.agree(await away(browser), PERSON))


SIGNED_OUT = {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}


def logout_token(provider: Provider, key: Any = None, **changes: Any) -> str:
    """OpenID Connect Back-Channel Logout 1.0, section 2.4."""
    now = int(time.time())
    claims = {"iss": provider.url, "aud": "piano-vivo", "iat": now, "exp": now + 120, "jti": "1", "sub": PERSON}
    told = {name: value for name, value in (claims | SIGNED_OUT | changes).items() if value is not None}
    assert provider.keys is not None
    return jwt.encode({"alg": "RS256", "kid": "its-own", "typ": "logout+jwt"}, told, key or provider.keys.keys[0])


async def told_by_provider(browser: httpx.AsyncClient, token: str) -> httpx.Response:
    """As the provider sends it: no cookie of ours, no form of ours."""
    transport = browser._transport
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as provider:
        return await provider.post("/sign-in/provider/logout", data={"logout_token": token})


@pytest.mark.parametrize("named", [{}, {"sid": "there"}, {"sid": "there", "sub": None}])
async def test_who_is_signed_out_by_the_provider_is_signed_out_here(
    provider: Provider, browser: httpx.AsyncClient, named: dict[str, Any]
) -> None:
    provider.lie({}, sid="there")
    await browser.get(provider.agree(await away(browser), PERSON))
    assert (await browser.get("/account")).status_code == 200
    answer = await told_by_provider(browser, logout_token(provider, **named))
    assert (answer.status_code, answer.headers["cache-control"], answer.content) == (200, "no-store", b"")
    assert (await browser.get("/account")).status_code == 303


@pytest.mark.parametrize("other", [{"sub": "somebody-else"}, {"sid": "another"}, {"sub": None, "sid": "another"}])
async def test_only_the_sessions_that_are_meant_end(
    provider: Provider, browser: httpx.AsyncClient, other: dict[str, Any]
) -> None:
    provider.lie({}, sid="there")
    await browser.get(provider.agree(await away(browser), PERSON))
    assert (await told_by_provider(browser, logout_token(provider, **other))).status_code == 200
    assert (await browser.get("/account")).status_code == 200


async def test_a_logout_token_sent_again_ends_no_later_session(provider: Provider, browser: httpx.AsyncClient) -> None:
    """It expires after two minutes; one said a minute ago speaks of sessions that had begun then."""
    provider.lie({})
    await browser.get(provider.agree(await away(browser), PERSON))
    again = logout_token(provider, iat=int(time.time()) - 60)
    assert (await told_by_provider(browser, again)).status_code == 200
    assert (await browser.get("/account")).status_code == 200


NO_LOGOUTS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "another-client"},
    "another issuer": {"iss": "https://altro.test"},
    "expired": {"exp": NOW - 60, "iat": NOW - 120},
    "never expires": {"exp": None},
    "said never": {"iat": None},
    "an ID token": {"events": None},
    "events as text": {"events": "http://schemas.openid.net/event/backchannel-logout"},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "with a nonce": {"nonce": "x"},
    "of nobody": {"sub": None},
    "signed by another": {"key": RSAKey.generate_key(2048, {"kid": "its-own"})},
}


@pytest.mark.parametrize("wrong", NO_LOGOUTS)
async def test_a_logout_token_that_proves_nothing_ends_nothing(
    provider: Provider, browser: httpx.AsyncClient, wrong: str
) -> None:
    provider.lie({})
    await browser.get(provider.agree(await away(browser), PERSON))
    answer = await told_by_provider(browser, logout_token(provider, **NO_LOGOUTS[wrong]))
    assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")
    assert (await told_by_provider(browser, "x.y.z")).status_code == 400
    assert (await browser.get("/account")).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://altro.test"},
        {"token_endpoint": "http://altro.test/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
async def test_a_provider_that_says_strange_things_of_itself_is_not_used(
    provider: Provider, browser: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    provider.discovered = lambda document: document | changes
    assert "non risponde" in await refused(browser, "/sign-in/provider", 503)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"oidc_issuer": "http://accesso.example"}, "PIANOVIVO_OIDC_ISSUER='http://accesso.example': "),
        ({"oidc_issuer": "https://accesso.example/"}, "PIANOVIVO_OIDC_ISSUER='https://accesso.example/': "),
        ({"oidc_issuer": "https://accesso.example"}, "PIANOVIVO_OIDC_ISSUER and PIANOVIVO_OIDC_CLIENT_ID are set"),
        ({"oidc_client_id": "piano-vivo"}, "PIANOVIVO_OIDC_ISSUER and PIANOVIVO_OIDC_CLIENT_ID are set together"),
        ({"session_hours": 0}, "PIANOVIVO_SESSION_HOURS=0: "),
        ({"session_domain": "localhost"}, "PIANOVIVO_SESSION_DOMAIN='localhost': "),
    ],
)
def test_a_wrong_setting_ends_the_start_with_a_sentence(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(NotifierSettings, **settings)
    assert str(wrong.value).startswith(said)
