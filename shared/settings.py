"""Settings every service has, read from `PIANOVIVO_*`. A wrong one fails at start with a sentence that mends it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound="Settings")
_EVERY = r"https://[^{},]+(\{service\}[^{},]*)?"
_EACH = r"[a-z]+=(https://|http://(127\.0\.0\.1|localhost)(:|/|$))[^{},]*"


class SettingsError(SystemExit):
    """Ends the process with exit status 2 and one sentence for each wrong setting."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(2)
        self.sentences = sentences

    def __str__(self) -> str:
        return "\n".join(self.sentences)


class Settings(BaseSettings):
    """Shared fields; `docs/settings.md` is generated from the descriptions."""

    model_config = SettingsConfigDict(env_prefix="PIANOVIVO_", extra="ignore", frozen=True)

    home: Path = Field(
        Path("pianovivo-data"), description="Folder of the SQLite files, the local log and the local key"
    )
    bus: Literal["local", "kafka"] = Field("local", description="Where events travel: one SQLite log, or Apache Kafka")
    kafka_bootstrap_servers: str | None = Field(
        None, description="host:port,... of Apache Kafka; needed with BUS=kafka"
    )
    kafka_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Put before the names of topics and groups, where several installations share one Apache Kafka",
    )
    database_url: str | None = Field(
        None,
        description="postgresql://user:password@host/database; without it SQLite files in HOME; needed with BUS=kafka",
    )
    host: str = Field("127.0.0.1", description="Address the HTTP ports listen on")
    replica: str = Field(
        default_factory=socket.gethostname,
        description="Unique name of this replica, stable over restarts (static Kafka group membership)",
    )
    owner_topics: str = Field(
        "", description="Organisations that write their own topic owner-reports.<organisation>, comma-separated"
    )
    jwks: str | None = Field(
        None, description="File or URL of the public keys (JWKS) that sign tokens; without it HOME/keys/jwks.json"
    )
    token_audience: str = Field("pianovivo", description="Audience a token must name")
    token_issuer: str = Field("pianovivo-local", description="Issuer a token must name")
    ambito: str = Field("cremonese", description="Code of the ambito this installation serves")
    public_url: str | None = Field(
        None,
        pattern=rf"^({_EVERY}|{_EACH}(,{_EACH})*)$",
        description="https address under which the services are reached, {service} in it standing for a service’s "
        "name; or one for each, planner=https://...,intake=https://... (http for tests on this machine)",
    )
    notice: str = Field(
        "", max_length=500, description="Sentence shown on top of every page, e.g. that the data are synthetic"
    )
    contact_url: str | None = Field(None, description="Web page of who answers for this installation")
    contact_email: str | None = Field(None, description="E-mail address of who answers for this installation")
    terms_url: str | None = Field(None, description="Terms of service of this installation; without it the licence’s")
    rate_limit_organisation: int = Field(
        6000,
        ge=1,
        description="Requests an organisation may make in a minute; each replica of each service counts its own",
    )
    rate_limit_address: int = Field(
        600,
        ge=1,
        description="Requests an address may make in a minute without signing in; each replica counts its own",
    )
    oidc_issuer: str | None = Field(
        None,
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)(:|/|$)).*[^/]$",
        description="Address of the OpenID provider that people sign in with; without it they have local accounts",
    )
    oidc_client_id: str | None = Field(None, description="What the OpenID provider calls this installation")
    oidc_client_secret: SecretStr | None = Field(
        None, description="Secret of this installation at the OpenID provider, if it is no public client"
    )
    oidc_scope: str = Field("openid", pattern=r"^openid( |$)", description="Scopes asked of the OpenID provider")
    oidc_organisation_claim: str = Field(
        "org", min_length=1, description="Claim of the ID token with the person’s organisation: aler-bcm, comune-019036"
    )
    oidc_role_claim: str = Field(
        "role", min_length=1, description="Claim of the ID token with the person’s role, one of those in docs/roles.md"
    )
    session_hours: float = Field(
        10, gt=0, le=24 * 7, description="Hours after which a person has to sign in to the pages again"
    )
    session_domain: str | None = Field(
        None,
        pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$",
        description="Domain under whose names all services are reached, so that signing in once is enough for all; "
        "nothing else may be served under it",
    )
    batch: int = Field(1000, ge=1, le=10_000, description="Most records of one partition handled in one transaction")
    watchdog_seconds: float = Field(
        60, gt=0, description="End the process when lag stays and nothing is delivered so long"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged")
    log_format: Literal["auto", "json", "text"] = Field("auto", description="auto: text on a terminal, JSON otherwise")

    @model_validator(mode="after")
    def complete(self) -> Self:
        if self.bus == "kafka":
            if not self.kafka_bootstrap_servers:
                raise ValueError("PIANOVIVO_BUS=kafka needs PIANOVIVO_KAFKA_BOOTSTRAP_SERVERS=host:port,...")
            if not self.database_url:
                raise ValueError(
                    "PIANOVIVO_BUS=kafka needs PIANOVIVO_DATABASE_URL=postgresql://user:password@host/database "
                    "(services on Kafka run in several processes, which a SQLite file cannot serve)"
                )
        if self.database_url and not self.database_url.startswith("postgresql://"):
            raise ValueError(
                "PIANOVIVO_DATABASE_URL must begin with postgresql:// (leave it out to use SQLite in HOME)"
            )
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("PIANOVIVO_OIDC_ISSUER and PIANOVIVO_OIDC_CLIENT_ID are set together, or neither of them")
        return self

    @property
    def own_topic_organisations(self) -> tuple[str, ...]:
        return tuple(filter(None, (name.strip() for name in self.owner_topics.split(","))))

    @property
    def is_public(self) -> bool:
        """Whether people come over https, so that no cookie may travel without it."""
        return "https://" in (self.public_url or "")

    def address_of(self, service: str) -> str | None:
        """Where others reach a service, without a slash at the end; None where no setting says it."""
        if self.public_url is None:
            return None
        if self.public_url.startswith("https://"):
            return self.public_url.format(service=service).rstrip("/")
        address = dict(one.split("=", 1) for one in self.public_url.split(",")).get(service)
        return address.rstrip("/") if address else None

    def url_for(self, service: str) -> str:
        """SQLAlchemy address of the service's own database: a schema on PostgreSQL, a file on SQLite."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
        return f"sqlite+aiosqlite:///{self.home.absolute() / (service + '.db')}"


def load(cls: type[S], **values: object) -> S:
    """The settings from the environment, `values` winning; raises `SettingsError` naming each wrong variable."""
    try:
        return cls(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError([_sentence(problem) for problem in error.errors()]) from None


def _sentence(problem: object) -> str:
    assert isinstance(problem, dict)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = "PIANOVIVO_" + "_".join(str(part) for part in problem["loc"]).upper()
    return f"{name}={problem['input']!r}: {message}"
