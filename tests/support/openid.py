"""A real OpenID provider on loopback (oidc-provider-mock, on Authlib's server), for tests of signing in.

It checks the code verifier too, which the library does not, and can be made to lie.
"""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import oidc_provider_mock
from joserfc import jwt
from joserfc.jwk import Key, KeySet, RSAKey
from werkzeug.serving import make_server

Document = dict[str, Any]


def honest(document: Document) -> Document:
    return document


@dataclass
class Provider:
    """`discovered` and `answered` change what it says of itself, and what it gives for a code."""

    app: Any
    url: str = ""
    challenges: set[str] = field(default_factory=set)
    discovered: Callable[[Document], Document] = honest
    answered: Callable[[Document], Document] = honest
    keys: KeySet | None = None

    def __call__(self, environ: Document, start_response: Any) -> Any:
        match environ["PATH_INFO"]:
            case "/oauth2/token":
                body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                self._check_verifier(dict(parse_qsl(body.decode()))["code_verifier"])
                again = environ | {"wsgi.input": BytesIO(body)}
                return self._changed(again, start_response, self.answered)
            case "/.well-known/openid-configuration":
                return self._changed(environ, start_response, self.discovered)
            case "/jwks" if self.keys is not None:
                keys = self.keys.as_dict(private=False)
                return self._changed(environ, start_response, lambda _: dict(keys))
        return self.app(environ, start_response)

    def _check_verifier(self, verifier: str) -> None:
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        assert challenge in self.challenges, "RFC 7636, section 4.6"

    def _changed(self, environ: Document, start_response: Any, change: Callable[[Document], Document]) -> Any:
        heads: list[Any] = []
        content = b"".join(self.app(environ, lambda status, headers, _=None: heads.append((status, headers))))
        changed = json.dumps(change(json.loads(content))).encode()
        status, headers = heads[0]
        kept = [header for header in headers if header[0].lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(changed)))])
        return [changed]

    def agree(self, address: str, subject: str, **more: str) -> str:
        """What the person does at the provider; gives the address it sends them back to."""
        query = parse_qs(urlsplit(address).query)
        assert (query["code_challenge_method"], query["response_type"]) == (["S256"], ["code"])
        self.challenges.add(query["code_challenge"][0])
        return httpx.post(address, data={"sub": subject, **more}).headers["location"]

    def lie(self, header: Mapping[str, Any], key: Key | None = None, **claims: Any) -> None:
        """Sign ID tokens with other claims, under a key that it publishes, or under one that it does not."""
        own = RSAKey.generate_key(2048, {"kid": "its-own"})
        self.keys = KeySet([own])

        def answered(answer: Document) -> Document:
            told = json.loads(urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))
            head = {"alg": "RS256", "kid": "its-own", **header}
            changed = {name: value for name, value in (told | claims).items() if value is not None}
            return answer | {"id_token": jwt.encode(head, changed, key or own, algorithms=[head["alg"]])}

        self.answered = answered


@contextmanager
def providing(people: Mapping[str, Document]) -> Iterator[Provider]:
    """A provider that knows these people by subject, with their claims."""
    users = [oidc_provider_mock.User(sub=subject, claims=claims) for subject, claims in people.items()]
    provider = Provider(oidc_provider_mock.app(require_nonce=True, user_claims=users))
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
