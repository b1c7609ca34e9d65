"""``python -m audit.witness``: run a witness.

    python -m audit.witness --data DIR --key FILE --log VKEY_OR_FILE --listen unix:/path|127.0.0.1:8100

Each option may stand in the environment instead: WITNESS_DATA, WITNESS_KEY, WITNESS_LOGS (several,
separated by spaces), WITNESS_LISTEN. The witness needs nothing else: no database, no Django, no settings
of the system that it watches.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from audit.note import COSIGNATURE, ED25519, BadNote, SigningKey, VerifierKey
from audit.witness.server import Witness, make_server
from audit.witness.store import Store


def _log_key(text: str) -> VerifierKey:
    """A log's verifier key, given itself or as a file whose first line it is."""
    path = Path(text)
    key = VerifierKey.parse(path.read_text().splitlines()[0] if path.is_file() else text)
    if key.kind != ED25519:
        raise BadNote("a log's key is of type Ed25519")
    return key


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m audit.witness", description="Cosign growing logs.")
    environment = os.environ
    logs = environment.get("WITNESS_LOGS", "").split()
    parser.add_argument("--data", type=Path, default=environment.get("WITNESS_DATA"), help="own folder")
    parser.add_argument("--key", type=Path, default=environment.get("WITNESS_KEY"), help="private key file")
    parser.add_argument(
        "--log", action="append", default=logs or None, help="verifier key of a log, or its file"
    )
    parser.add_argument("--listen", default=environment.get("WITNESS_LISTEN"), help="unix:/path or host:port")
    options = parser.parse_args(arguments)
    for name in ("data", "key", "log", "listen"):
        if not getattr(options, name):
            parser.error(f"--{name} is missing")
    return options


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    try:
        key = SigningKey.parse(Path(options.key).read_text())
        if key.kind != COSIGNATURE:
            raise BadNote("a witness's key is of the cosignature type")
        logs = {log.name: log for log in map(_log_key, options.log)}
        store = Store(Path(options.data))
    except (OSError, BadNote, RuntimeError) as error:
        print(f"witness: {error}", file=sys.stderr)
        return 2
    server = make_server(Witness(store, key, logs, lambda: int(time.time())), options.listen)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop, so it cannot run in the loop's own thread.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"witness {key.name} listens on {options.listen} for {', '.join(logs)}", flush=True)
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    store.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
