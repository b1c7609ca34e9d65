"""The one place where settings come from: frozen, typed, and strict.

Every setting is an environment variable with the prefix ``WATCHLIGHT_``. A missing one, an unknown
one or a value of the wrong shape stops the process at import and names the key, because a
misspelled limit that is silently ignored is a limit that does not exist.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PREFIX = "WATCHLIGHT_"
ROLES = ("owner", "app", "sequencer", "eraser")

_REQUIRED = (
    "DATA_DIR",
    "DATABASE_URL",
    "BROKER_URL",
    "PORT",
    "DEMO",
    "SECRET_KEY_FILE",
    "KEYS_DIR",
    "LIVE_SOCKET",
    "ROLE",
)
_OPTIONAL = {
    "HOST": "localhost",
    "ORIGIN": "",
    "LOG_NAME": "watchlight.example/log",
    "WITNESSES": "",
    "CAMERA_NETWORKS": "",
    "SIM_PORT": "0",
    "MAP_TILES": "",
    "CITY_ZONE": "UTC",
    "PERIOD_KEYS": "",
    "PROXIES": "",
}


class ConfigError(Exception):
    """A setting is missing, unknown or of the wrong shape; the message names it."""


@dataclass(frozen=True)
class Network:
    """A range of addresses and ports in which streams may be opened."""

    cidr: str
    first_port: int
    last_port: int


@dataclass(frozen=True)
class Config:
    """All settings of one process. Paths are absolute; ports are TCP ports."""

    data: Path
    database_url: str
    broker_url: str
    host: str
    port: int
    origin: str
    demo: bool
    secret_key: str
    keys_dir: Path
    log_name: str
    witnesses: tuple[str, ...]
    live_socket: Path
    camera_networks: tuple[Network, ...]
    sim_port: int
    map_tiles: str
    role: str
    # The city's clock: of forms and pages, and of hours where a thing has no site of its own.
    city_zone: ZoneInfo
    # Folders besides the one in the data folder in which each period key is kept too.
    more_period_keys: tuple[Path, ...]
    # Reverse proxies whose word on a client's address is taken: addresses or networks.
    proxies: tuple[str, ...]

    @property
    def store_dir(self) -> Path:
        return self.data / "footage"

    @property
    def spool_dir(self) -> Path:
        return self.data / "spool"

    @property
    def period_keys_dirs(self) -> tuple[Path, ...]:
        return (self.data / "period-keys", *self.more_period_keys)

    @property
    def tiles_dir(self) -> Path:
        return self.data / "log"

    @property
    def run_dir(self) -> Path:
        return self.data / "run"

    @property
    def logs_dir(self) -> Path:
        return self.data / "logs"


def _flag(key: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise ConfigError(f"{PREFIX}{key} must be 0 or 1, not {text!r}")
    return text == "1"


def _port(key: str, text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise ConfigError(f"{PREFIX}{key} must be a port number, not {text!r}")
    return int(text)


def _networks(text: str) -> tuple[Network, ...]:
    """Parse ``127.0.0.1/32:8554-8654,...``; ports may be one number or a range."""
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        cidr, _, ports = part.rpartition(":")
        first, _, last = ports.partition("-")
        try:
            ip_network(cidr)
            found.append(Network(cidr, int(first), int(last or first)))
        except ValueError as error:
            raise ConfigError(f"{PREFIX}CAMERA_NETWORKS: {part!r} is not CIDR:port-port ({error})") from error
    return tuple(found)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"{PREFIX}CITY_ZONE: {name!r} is not a time zone such as America/Chicago"
        ) from error


def _folders(text: str) -> tuple[Path, ...]:
    """Parse absolute folders, by commas."""
    found = tuple(Path(part.strip()) for part in text.split(",") if part.strip())
    for path in found:
        if not path.is_absolute():
            raise ConfigError(f"{PREFIX}PERIOD_KEYS: {path} is not an absolute path")
    if len(set(found)) < len(found):
        raise ConfigError(f"{PREFIX}PERIOD_KEYS names a folder twice")
    return found


def _proxies(text: str, *, demo: bool) -> tuple[str, ...]:
    """Parse addresses and networks, by commas."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if found and demo:
        raise ConfigError(f"{PREFIX}PROXIES: a demo answers this machine alone; it stands behind no proxy")
    for part in found:
        try:
            network = ip_network(part)
        except ValueError as error:
            raise ConfigError(f"{PREFIX}PROXIES: {part!r} is no address or network ({error})") from error
        if network.prefixlen == 0:
            raise ConfigError(f"{PREFIX}PROXIES: {part!r} is everybody")
    return found


def _secret(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{PREFIX}SECRET_KEY_FILE cannot be read: {error}") from error
    if len(text) < 40:
        raise ConfigError(f"{PREFIX}SECRET_KEY_FILE holds fewer than 40 characters")
    return text


def load(environ: Mapping[str, str]) -> Config:
    """Read the settings of this process; raise ConfigError naming the first key that is wrong."""
    given = {name[len(PREFIX) :]: value for name, value in environ.items() if name.startswith(PREFIX)}
    for key in _REQUIRED:
        if not given.get(key):
            raise ConfigError(f"{PREFIX}{key} is not set; start the system with ./run, which sets it")
    unknown = sorted(set(given) - set(_REQUIRED) - set(_OPTIONAL))
    if unknown:
        raise ConfigError(f"unknown setting {PREFIX}{unknown[0]}; is it misspelled?")
    values = {**_OPTIONAL, **given}
    if values["ROLE"] not in ROLES:
        raise ConfigError(f"{PREFIX}ROLE must be one of {', '.join(ROLES)}")
    if urlsplit(values["DATABASE_URL"]).scheme != "postgresql":
        raise ConfigError(f"{PREFIX}DATABASE_URL must begin with postgresql://")
    return Config(
        data=Path(values["DATA_DIR"]).absolute(),
        database_url=values["DATABASE_URL"],
        broker_url=values["BROKER_URL"],
        host=values["HOST"],
        port=_port("PORT", values["PORT"]),
        origin=values["ORIGIN"] or f"http://{values['HOST']}:{values['PORT']}",
        demo=_flag("DEMO", values["DEMO"]),
        secret_key=_secret(Path(values["SECRET_KEY_FILE"])),
        keys_dir=Path(values["KEYS_DIR"]).absolute(),
        log_name=values["LOG_NAME"],
        witnesses=tuple(filter(None, values["WITNESSES"].split(","))),
        live_socket=Path(values["LIVE_SOCKET"]).absolute(),
        camera_networks=_networks(values["CAMERA_NETWORKS"]),
        sim_port=_port("SIM_PORT", values["SIM_PORT"]),
        map_tiles=values["MAP_TILES"],
        role=values["ROLE"],
        city_zone=_zone(values["CITY_ZONE"]),
        more_period_keys=_folders(values["PERIOD_KEYS"]),
        proxies=_proxies(values["PROXIES"], demo=_flag("DEMO", values["DEMO"])),
    )


config = load(os.environ)
