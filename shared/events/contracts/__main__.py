"""Write the committed contracts anew from the classes."""

from __future__ import annotations

import sys

from shared.events.contracts import broken_promises, files, stale


def main() -> None:
    if broken := broken_promises():
        raise SystemExit("\n".join(broken))
    try:
        texts = files()
    except LookupError as missing:
        raise SystemExit(str(missing)) from None
    for path in list(stale()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], "utf-8")
        sys.stdout.write(f"wrote {path.name}\n")


main()
