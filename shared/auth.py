"""Who is asking: sign-in tokens (JWT access tokens, RFC 9068) checked and issued.

The organisation of a request comes from its token and from nowhere else; `shared.sign_in` asks requests for it.
"""

import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import structlog
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import ECKey, Key, KeySet, KeySetSerialization, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from shared.problem_texts import Text

_JWT_TYPE = "at+jwt"
ALGORITHMS = ("Ed25519", "EdDSA", "ES256", "PS256", "RS256")

_MAX_TOKEN_CHARACTERS = 8_192
_MAX_JWKS_BYTES = 262_144
_MIN_RSA_BITS = 2_048
_CLOCK_SKEW_SECONDS = 30
_ORGANISATION = re.compile(r"(?=.{3,64}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)+")
_MUNICIPALITY = re.compile(r"comune-([0-9]{6})")
_AMBITO = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}")

_log = structlog.get_logger(__name__)


class Role(StrEnum):
    """What an organisation is in an ambito; `OWNER` is ALER or an accredited operator."""

    OWNER = "OWNER"
    MUNICIPALITY = "MUNICIPALITY"
    LEAD = "LEAD"
    TECHNICAL_PARTNER = "TECHNICAL_PARTNER"
    ASSEMBLY_SECRETARY = "ASSEMBLY_SECRETARY"
    REGION = "REGION"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True)
class Principal:
    """The organisation, and the person or machine of it (`subject`), a token speaks for.

    `istat_code` is the only municipality a principal of role MUNICIPALITY writes for, None for every other role.
    """

    organisation: str
    role: Role
    ambito: str
    subject: str
    istat_code: str | None = None

    @classmethod
    def of(cls, organisation: str, role: str, ambito: str, subject: str) -> "Principal":
        """Raises ValueError for anything not in the agreed form, and for a municipality without its ISTAT code."""
        named = ((_ORGANISATION, organisation), (_AMBITO, ambito), (_SUBJECT, subject))
        for form, value in named:
            if not isinstance(value, str) or not form.fullmatch(value):
                raise ValueError(f"{value!r} does not match {form.pattern}")
        role = Role(role)
        municipality = _MUNICIPALITY.fullmatch(organisation)
        if role is Role.MUNICIPALITY and municipality is None:
            raise ValueError(f"{organisation!r} is not the id of a municipality")
        istat_code = municipality[1] if municipality and role is Role.MUNICIPALITY else None
        return cls(organisation, role, ambito, subject, istat_code)


class AuthError(Exception):
    """A token that proves nothing (401), or keys that cannot be read so that no token can be checked (503)."""

    def __init__(self, code: str, message: Text, status: int = 401) -> None:
        super().__init__(f"{code}: {message.en}")
        self.code = code
        self.message = message
        self.status = status


class KeySource:
    """Public keys by `kid`, from a JWKS file or an https URL (http on this machine only).

    Keys are read again after `fresh_for` seconds and once for an unknown `kid`, but never twice within `min_interval`
    seconds: tokens with invented kids must not become load on the issuer. While the source fails, the keys known stay
    good until `max_age`; later than that a withdrawn key could be used for ever by whoever keeps the source down.
    """

    def __init__(
        self,
        location: str | Path,
        *,
        fresh_for: float = 600,
        max_age: float = 3_600,
        min_interval: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = _reader(location)
        self._fresh_for, self._max_age, self._min_interval = fresh_for, max_age, min_interval
        self._clock = clock
        self._lock = Lock()
        self._keys: dict[str, Key] = {}
        self._read_at = self._tried_at = -float("inf")

    def key(self, kid: str) -> Key | None:
        """The key of that id; raises `AuthError` 503 when there are no keys young enough to trust."""
        # Whoever knows the key does not wait for the reading another request is doing.
        if self._lock.acquire(blocking=kid not in self._keys):
            try:
                self._read_if_due(kid)
            finally:
                self._lock.release()
        if self._clock() - self._read_at >= self._max_age:
            raise AuthError("keys-unavailable", _KEYS_UNAVAILABLE, status=503)
        return self._keys.get(kid)

    def only_key(self) -> Key | None:
        """The key of a source that has just one: a token need not name it (OpenID Connect Core 1.0, section 10.1)."""
        self.key("")  # which reads anew, if it is time: there is no such key
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _read_if_due(self, kid: str) -> None:
        now = self._clock()
        is_wanted = kid not in self._keys or now - self._read_at >= self._fresh_for
        if not is_wanted or now - self._tried_at < self._min_interval:
            return
        self._tried_at = now
        try:
            self._keys = _verification_keys(json.loads(self._read()))
        except (OSError, ValueError) as error:
            _log.warning("token-keys-not-read", reason=str(error))
        else:
            self._read_at = now


def _reader(location: str | Path) -> Callable[[], bytes]:
    if isinstance(location, Path) or "://" not in location:
        return Path(location).read_bytes
    url = urlsplit(location)
    is_loopback = url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1", "::1")
    if url.scheme != "https" and not is_loopback:
        raise ValueError(f"keys are read over https, or http on this machine, not from {location}")
    return lambda: _download(location, through_proxy=not is_loopback)


def _download(url: str, *, through_proxy: bool) -> bytes:
    import httpx  # which only an installation needs whose keys lie at an address

    body = bytearray()
    try:
        with httpx.Client(timeout=5, trust_env=through_proxy) as client, client.stream("GET", url) as response:
            # A redirect is not followed: it could lead to plain http.
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"{url} answered {response.status_code}")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_JWKS_BYTES:
                    raise ValueError(f"{url} exceeds {_MAX_JWKS_BYTES} bytes")
    except httpx.HTTPError as error:
        raise OSError(f"{url}: {error!r}") from error
    return bytes(body)


def _verification_keys(jwks: Any) -> dict[str, Key]:
    """The keys fit to verify tokens; others are ignored (RFC 7517, section 5)."""
    members = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(members, list):
        raise ValueError("not a JWK set")
    keys: dict[str, Key] = {}
    for member in members:
        try:
            key = import_key(member)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if key.kid and _is_acceptable(key):
            keys[key.kid] = key
    return keys


def _is_acceptable(key: Key) -> bool:
    match key:
        case OKPKey():
            return key.curve_name == "Ed25519"
        case ECKey():
            return key.curve_name == "P-256"
        case RSAKey():
            return key.raw_value.key_size >= _MIN_RSA_BITS
        case _:
            return False


class Authenticator:
    """Turns a token into the `Principal` it speaks for, or refuses it."""

    def __init__(self, keys: KeySource, audience: str, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._jws = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        required = ("exp", "iat", "sub", "org", "role", "ambito")
        essential: dict[str, ClaimsOption] = {claim: {"essential": True} for claim in required}
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=_CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            **essential,
        )

    def principal(self, token: str) -> Principal:
        """Raises `AuthError`."""
        return self.principal_until(token)[0]

    def principal_until(self, token: str) -> tuple[Principal, int]:
        """And the second (since 1970) at which the token expires; raises `AuthError`."""
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise AuthError("token-malformed", _MALFORMED)
        claims = self._verified_claims(token)
        try:
            self._claims.validate(claims)
            if claims["exp"] <= claims["iat"]:
                raise InvalidClaimError("iat")
            return Principal.of(claims["org"], claims["role"], claims["ambito"], claims["sub"]), int(claims["exp"])
        except ExpiredTokenError:
            raise AuthError("token-expired", _EXPIRED) from None
        except MissingClaimError as error:
            raise AuthError("token-incomplete", _INCOMPLETE.filled(claim=error.claim)) from None
        except InvalidClaimError as error:
            raise AuthError("token-refused", _REFUSED.filled(claim=error.claim)) from None
        except ValueError:
            raise AuthError("token-refused", _REFUSED.filled(claim="org, role, ambito, sub")) from None

    def _verified_claims(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._key_of, registry=self._jws).claims
        # The library's parser also lets through the errors of unexpected JSON types in the header.
        except (JoseError, ValueError, TypeError):
            raise AuthError("token-malformed", _MALFORMED) from None

    def _key_of(self, token: Any) -> Key:
        """Called once the algorithm is known to be allowed and before the signature is checked."""
        header = token.headers()
        if "crit" in header or "b64" in header:
            raise AuthError("token-malformed", _MALFORMED)
        if str(header.get("typ", "")).lower().removeprefix("application/") != _JWT_TYPE:
            raise AuthError("token-wrong-type", _WRONG_TYPE)
        key = self._keys.key(header["kid"]) if "kid" in header else None
        if key is None:
            raise AuthError("token-unknown-key", _UNKNOWN_KEY)
        return key


def issue(
    key: OKPKey,
    organisation: str,
    role: Role,
    ambito: str,
    audience: str,
    issuer: str,
    now: datetime,
    lifetime: timedelta,
    subject: str,
) -> str:
    """A signed access token; raises ValueError for a principal no service would accept."""
    Principal.of(organisation, role, ambito, subject)
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "org": organisation,
        "role": role.value,
        "ambito": ambito,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + int(lifetime.total_seconds()),
        "jti": secrets.token_urlsafe(16),
    }
    header = {"alg": "Ed25519", "kid": key.kid, "typ": _JWT_TYPE}
    return jwt.encode(header, claims, key, algorithms=ALGORITHMS)


def new_key(kid: str) -> OKPKey:
    """A fresh private Ed25519 key."""
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"})


def public_jwks(keys: Iterable[OKPKey]) -> KeySetSerialization:
    """What a `KeySource` reads: the public halves only."""
    return KeySet(list(keys)).as_dict(private=False)


def load_or_create_key(path: Path, kid: str) -> OKPKey:
    """The private key kept in `path` (mode 0600), made under the id `kid` when there is none.

    Raises PermissionError when others can read the file. Two processes starting at once end up with the same key.
    """
    if not path.exists():
        _create_private(path, json.dumps(new_key(kid).as_dict(private=True)))
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} is open to other users: chmod 600 {path}")
    return OKPKey.import_key(json.loads(path.read_text("utf-8")))


def _create_private(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces a key that another process has made meanwhile.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


_MALFORMED = Text(
    "Il token non è leggibile o la firma non è valida.", "The token is unreadable or its signature wrong."
)
_WRONG_TYPE = Text("Questo non è un token di accesso.", "This is not an access token.")
_UNKNOWN_KEY = Text("La chiave che ha firmato il token non è nota.", "The key that signed the token is not known.")
_EXPIRED = Text("Il token è scaduto: accedere di nuovo.", "The token has expired: sign in again.")
_INCOMPLETE = Text("Nel token manca: {claim}.", "Missing from the token: {claim}.")
_REFUSED = Text("Il token non vale per questo servizio: {claim}.", "The token is not good for this service: {claim}.")
_KEYS_UNAVAILABLE = Text("Le chiavi di firma non sono raggiungibili.", "The signing keys cannot be reached.")
