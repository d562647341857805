"""An OpenID provider (OpenID Connect Core 1.0): authorisation code with PKCE, state and nonce, discovery, sign-out.

State, nonce and code verifier are derived from the visit's secret, which only this browser has: nothing is kept here
between the way there and the way back, and what comes back to another browser is worth nothing.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from shared.auth import ALGORITHMS, AuthError, KeySource, Principal
from shared.forms import derived
from shared.problem_texts import Text
from shared.settings import Settings

FRESH_SECONDS: Final = 600
_LEEWAY_SECONDS: Final = 30
_SIGNED_OUT: Final = "http://schemas.openid.net/event/backchannel-logout"


class NotAdmitted(Exception):
    """The provider did not prove who it is, or we have nothing to do with them; `text` is for the person."""

    def __init__(self, text: Text, why: str) -> None:
        super().__init__(why)
        self.text = text


class Identity(NamedTuple):
    """Who has come back from the provider, which of its sessions it was (if it says so), and the page they wanted."""

    principal: Principal
    provider_session: str | None
    following: str


class SignedOut(NamedTuple):
    """What a logout token says: whose sessions end, or which of the provider's sessions; and when it was said at the
    latest, by our clock.
    """

    subject: str | None
    provider_session: str | None
    at: datetime


class Metadata(BaseModel):
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None


class Provider:
    """The OpenID provider that the settings name."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        self.issuer, self.client_id = settings.oidc_issuer, settings.oidc_client_id
        self._settings = settings
        self._read: tuple[Metadata, KeySource] | None = None
        self._read_at = 0.0

    @property
    def name(self) -> str:
        return urlsplit(self.issuer).hostname or self.issuer

    async def address(self, visit: str, redirect_uri: str, following: str) -> str:
        """Where the person proves who they are; `following` is the page they want to see then."""
        metadata, _ = await self._known()
        url, _ = self._client(redirect_uri).create_authorization_url(
            metadata.authorization_endpoint,
            state=_sealed(visit, following),
            nonce=derived(visit, "nonce"),
            code_verifier=derived(visit, "verifier"),
        )
        return str(url)

    def person(self, subject: str) -> str:
        """Who somebody of this provider is, among all that sign in."""
        return f"provider {self.issuer} {subject}"

    async def identity(self, visit: str, redirect_uri: str, state: str, code: str) -> Identity:
        """Who has come back; raises `NotAdmitted`."""
        following = _unsealed(visit, state)
        metadata, keys = await self._known()
        async with self._client(redirect_uri) as client:
            try:
                answer = await client.fetch_token(
                    metadata.token_endpoint, code=code, code_verifier=derived(visit, "verifier")
                )
            except (OAuthError, httpx.HTTPError, ValueError) as error:
                raise NotAdmitted(_REFUSED, repr(error)) from None
        claims = await run_in_threadpool(self._verified, answer, derived(visit, "nonce"), keys)
        return Identity(self._principal(claims), claims.get("sid"), following)

    async def signed_out(self, logout_token: str) -> SignedOut:
        """Whom the provider has signed out (OpenID Connect Back-Channel Logout 1.0, section 2.6).

        Raises `NotAdmitted`.
        """
        _, keys = await self._known()
        return await run_in_threadpool(self._told_of_sign_out, logout_token, keys)

    async def sign_out_address(self, redirect_uri: str) -> str | None:
        """Where to sign out of the provider as well; None where it has no such page, or does not answer."""
        try:
            metadata, _ = await self._known()
        except NotAdmitted:
            return None
        if metadata.end_session_endpoint is None:
            return None
        query = urlencode({"client_id": self.client_id, "post_logout_redirect_uri": redirect_uri})
        return f"{metadata.end_session_endpoint}?{query}"

    def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        secret = self._settings.oidc_client_secret
        return AsyncOAuth2Client(
            self.client_id,
            secret.get_secret_value() if secret else None,
            scope=self._settings.oidc_scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            timeout=10,
        )

    async def _known(self) -> tuple[Metadata, KeySource]:
        if self._read is None or time.monotonic() - self._read_at > FRESH_SECONDS:
            metadata, known = await self._discovered(), self._read
            is_same = known is not None and known[0].jwks_uri == metadata.jwks_uri
            self._read = (metadata, known[1] if known and is_same else KeySource(metadata.jwks_uri))
            self._read_at = time.monotonic()
        return self._read

    async def _discovered(self) -> Metadata:
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                answer = await client.get(f"{self.issuer}/.well-known/openid-configuration")
            metadata = Metadata.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValidationError) as error:
            raise NotAdmitted(_AWAY, repr(error)) from None
        addresses = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        if metadata.issuer != self.issuer or not all(map(_is_safe, addresses)):
            raise NotAdmitted(_AWAY, f"{self.issuer} says of itself: {metadata}")
        return metadata

    def _told_of_sign_out(self, logout_token: str, keys: KeySource) -> SignedOut:
        wanted = {
            **self._ours,
            "iat": {"essential": True},
            "exp": {"essential": True},
            "events": {"essential": True},
        }
        try:
            token = _read(logout_token, keys)
            claims = JWTClaims(token.claims, token.header, wanted)
            claims.validate(leeway=_LEEWAY_SECONDS)
            # It tells whole seconds of its own clock.
            at = datetime.fromtimestamp(claims["iat"] + 1 + _LEEWAY_SECONDS, UTC)
            said = SignedOut(claims.get("sub"), claims.get("sid"), at)
            events = claims["events"]
            is_told = isinstance(events, dict) and _SIGNED_OUT in events and "nonce" not in claims
            if not is_told or not (said.subject or said.provider_session):
                raise ValueError("this is no logout token")
        except (JoseError, AuthError, KeyError, TypeError, ValueError) as error:
            raise NotAdmitted(_REFUSED, repr(error)) from None
        return said

    def _verified(self, answer: dict[str, Any], nonce: str, keys: KeySource) -> dict[str, Any]:
        """The claims of the ID token: signature, issuer, audience, times, nonce and access token agree."""
        try:
            token = _read(answer["id_token"], keys)
            known = {"nonce": nonce, "client_id": self.client_id, "access_token": answer.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, self._ours, known)
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, AuthError, KeyError, TypeError, ValueError) as error:
            raise NotAdmitted(_REFUSED, repr(error)) from None
        return dict(claims)

    @property
    def _ours(self) -> dict[str, Any]:
        """What a token of this provider for us says."""
        return {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
        }

    def _principal(self, claims: dict[str, Any]) -> Principal:
        settings = self._settings
        organisation, role = (
            claims.get(name, "") for name in (settings.oidc_organisation_claim, settings.oidc_role_claim)
        )
        if claims.get("ambito", settings.ambito) != settings.ambito:
            raise NotAdmitted(_UNKNOWN, f"of another ambito: {claims['ambito']!r}")
        try:
            return Principal.of(organisation, role, settings.ambito, claims["sub"])
        except ValueError as error:
            raise NotAdmitted(_UNKNOWN, str(error)) from None


def _read(text: str, keys: KeySource) -> jwt.Token:
    """A token signed with one of the provider's keys; raises `JoseError`, `AuthError` or ValueError."""

    def key_of(token: Any) -> Any:
        kid = token.headers().get("kid")
        if (key := keys.only_key() if kid is None else keys.key(str(kid))) is None:
            raise ValueError("signed with a key that the provider does not publish")
        return key

    return jwt.decode(text, key_of, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"))


def _sealed(visit: str, following: str) -> str:
    """A state that says where to go on, and that only this visit can have made."""
    said = urlsafe_b64encode(following.encode()).rstrip(b"=").decode()
    return f"{derived(visit, f'state {said}')}.{said}"


def _unsealed(visit: str, state: str) -> str:
    seal, _, said = state.partition(".")
    if not hmac.compare_digest(seal.encode(), derived(visit, f"state {said}").encode()):
        raise NotAdmitted(_NOT_OURS, "the state is not of this visit")
    return urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()


_AWAY = Text("Il gestore delle identità non risponde: riprovare tra poco.", "The provider does not answer: try later.")
_REFUSED = Text(
    "Il gestore delle identità non ha confermato chi siete: riprovare.", "The provider did not confirm who you are."
)
_NOT_OURS = Text("L’accesso non è cominciato in questo browser: riprovare.", "Sign-in did not begin in this browser.")
_UNKNOWN = Text(
    "Siete stati riconosciuti, ma a nessuna organizzazione di questo ambito: chiedere a chi gestisce gli accessi.",
    "You are known, but to no organisation of this ambito: ask whoever manages access.",
)
