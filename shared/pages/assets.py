"""Style sheets, fonts, icons and scripts, all served from here: no page ever asks another origin for anything.

bootstrap-italia comes with the wheel ``design-django-theme``; only its files are used, so it is found without being
imported and its Django dependency is not installed.
"""

import hashlib
import importlib.util
from functools import cache
from os import PathLike, stat_result
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ITALIA_PACKAGE = "bootstrap_italia_template"
ITALIA_WHEEL = "design-django-theme==2.18.0"
PREFIX = "/static"
_OWN = Path(__file__).parent / "static"
_YEAR = "public, max-age=31536000, immutable"
_DAY = "public, max-age=86400"


class AssetsMissingError(RuntimeError):
    """The wheel that carries bootstrap-italia is not installed."""


def italia_folder(package: str = ITALIA_PACKAGE) -> Path:
    """Folder of bootstrap-italia's css, fonts and svg.

    Raises:
        AssetsMissingError: the wheel is missing; the message says how to install it.
    """
    spec = importlib.util.find_spec(package)
    folder = Path(spec.origin).parent / "static" if spec and spec.origin else None
    if folder is None or not (folder / "css" / "bootstrap-italia.min.css").is_file():
        raise AssetsMissingError(
            f"bootstrap-italia’s files were not found (package {package!r}); "
            f"install them with: pip install --no-deps {ITALIA_WHEEL}"
        )
    return folder


@cache
def asset_url(path: str) -> str:
    """Address of a static file with its content's fingerprint, so that it may be cached for a year.

    Raises:
        FileNotFoundError: neither ours nor bootstrap-italia's.
    """
    for folder in (_OWN, italia_folder()):
        if (folder / path).is_file():
            fingerprint = hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]
            return f"{PREFIX}/{path}?v={fingerprint}"
    raise FileNotFoundError(f"no static file {path!r}")


def mount_static(app: Starlette) -> None:
    """Serve the static files of all pages under ``/static``, compressed, with ETag and long cache life.

    Raises:
        AssetsMissingError: at start, not at the first page.
    """
    files = _FingerprintedFiles(directory=_OWN, packages=[(ITALIA_PACKAGE, italia_folder().name)])
    app.mount(PREFIX, GZipMiddleware(files, compresslevel=6), name="static")


class _FingerprintedFiles(StaticFiles):
    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = _YEAR if scope["query_string"].startswith(b"v=") else _DAY
        return response
