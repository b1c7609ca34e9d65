"""The command line of ``./run``. Standard library only: it is read before any package is installed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parents[2]
MAX_CAMERAS = 400
DEMO_ZONE = "America/Chicago"


@dataclass(frozen=True)
class Options:
    """What was asked for. Paths are absolute; ``command`` is a management command with its arguments."""

    port: int
    host: str
    data: Path
    cameras: int
    video: Path | None
    demo: bool
    certificate: Path | None
    certificate_key: Path | None
    command: tuple[str, ...]
    # Settled at the first start; `settings.toml` may say otherwise later.
    zone: str = DEMO_ZONE


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


def _cameras(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MAX_CAMERAS:
        raise argparse.ArgumentTypeError(f"from 1 to {MAX_CAMERAS} cameras can be simulated")
    return count


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time zone such as {DEMO_ZONE}") from error
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Start Watchlight on this machine, or run one management command on the same data.",
        epilog="Examples: ./run    ./run --port 8001    ./run verify_log    ./run --data /srv/city --no-demo",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of the web pages (8000)")
    parser.add_argument(
        "--data", type=_path, default=ROOT / "data", metavar="DIR", help="data folder (data/)"
    )
    parser.add_argument("--cameras", type=_cameras, default=12, metavar="N", help="simulated cameras (12)")
    parser.add_argument(
        "--video", type=_path, metavar="DIR", help="folder of real clips for the simulated cameras"
    )
    parser.add_argument(
        "--no-demo", dest="demo", action="store_false", help="an empty system, without demo city"
    )
    parser.add_argument("--host", help="name in the address bar (demo: localhost; else this machine's name)")
    parser.add_argument(
        "--zone",
        type=_zone,
        default=DEMO_ZONE,
        metavar="ZONE",
        help=f"the city's time zone, at the first start with --no-demo ({DEMO_ZONE})",
    )
    parser.add_argument(
        "--certificate",
        "--tls-cert",
        type=_path,
        metavar="FILE",
        help="TLS certificate chain (with --no-demo)",
    )
    parser.add_argument(
        "--certificate-key", "--tls-key", type=_path, metavar="FILE", help="its private key (with --no-demo)"
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help="a management command, for example verify_log"
    )
    return parser


def parse(arguments: list[str]) -> Options:
    """Read the arguments; print a sentence and exit with status 2 where they make no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.video is not None and not given.video.is_dir():
        parser.error(f"--video: there is no folder {given.video}")
    if (given.certificate is None) != (given.certificate_key is None):
        parser.error("--certificate and --certificate-key go together")
    if given.demo and (given.host or given.certificate):
        parser.error("the demo answers on localhost only; --host and --certificate go with --no-demo")
    return Options(
        port=given.port,
        host=given.host or "",
        data=given.data,
        cameras=given.cameras,
        video=given.video,
        demo=given.demo,
        certificate=given.certificate,
        certificate_key=given.certificate_key,
        command=tuple(given.command),
        zone=given.zone,
    )
