"""The one place that decides what a process of this box is told: its role and every ``WATCHLIGHT_``
setting.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tomllib
from dataclasses import asdict, dataclass

from rtcc.onebox import keys
from rtcc.onebox.layout import DataFolder
from rtcc.onebox.options import DEMO_ZONE, ROOT, Options
from rtcc.onebox.postgres import Cluster
from rtcc.onebox.progress import Stop
from rtcc.onebox.valkey import Valkey

# Below the ports that outgoing connections are given.
_SIMULATOR_PORTS = range(20_000, 32_000)
# The simulator serves from one port; the demo may open streams there and nowhere else.
_SIMULATOR_ADDRESS = "127.0.0.1/32"
# What an operator may choose in `settings.toml`: addresses in which cameras may be, as CIDR:port-port;
# where map tiles come from; witnesses outside this machine, as vkey@url; the city's time zone; more folders
# of period keys, each on a disk of its own; reverse proxies in front.
_CHOICES = frozenset({"camera_networks", "map_tiles", "witnesses", "city_zone", "period_keys", "proxies"})


def port_is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen on ``port`` of ``address`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def simulator_port(data: DataFolder) -> int:
    """A free port for the simulated cameras of a data folder. Each folder looks in another place first: the
    registry keeps the port, and another demonstration that is born at the same time, or that does not run
    just now, must not have been given the same.
    """
    name = hashlib.sha256(str(data.root.resolve()).encode()).digest()
    first = _SIMULATOR_PORTS[int.from_bytes(name[:4]) % len(_SIMULATOR_PORTS)]
    return free_port(first)


def free_port(first: int) -> int:
    """The first free port from ``first`` on."""
    return next(port for port in range(first, 65536) if port_is_free(port))


@dataclass(frozen=True)
class Birth:
    """What is settled when the data folder is born, because stored things and signatures name it."""

    host: str
    log_name: str
    simulator_port: int
    # Folders from before this was asked are the demonstration's city.
    city_zone: str = DEMO_ZONE

    @classmethod
    def of(cls, data: DataFolder, options: Options) -> Birth:
        """Read what was settled; at the first start settle it now, after the keys.

        A start killed in between is a first start again, so a folder whose birth is settled has its keys.
        """
        path = data.root / "birth.json"
        if path.exists():
            keys.find(data)
            return cls(**json.loads(path.read_text()))
        keys.make(data)
        host = "localhost" if options.demo else options.host or socket.getfqdn()
        log_name = "watchlight.example/log" if options.demo else f"{host}/log"
        zone = DEMO_ZONE if options.demo else options.zone
        born = cls(host, log_name, simulator_port(data), zone)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(born), indent=1))
        new.rename(path)
        return born


@dataclass(frozen=True)
class Box:
    """One machine's system: its data, its embedded services, and what was asked for at this start."""

    data: DataFolder
    options: Options
    birth: Birth
    cluster: Cluster

    @classmethod
    def of(cls, data: DataFolder, options: Options) -> Box:
        """The box that lives in ``data``."""
        cluster = Cluster(data.root / "postgres", data.sockets, data.secrets)
        return cls(data, options, Birth.of(data, options), cluster)

    @property
    def valkey(self) -> Valkey:
        return Valkey(
            self.data.root / "valkey", self.data.sockets / "valkey.sock", self.data.secrets / "valkey"
        )

    @property
    def host(self) -> str:
        return "localhost" if self.options.demo else self.options.host or self.birth.host

    @property
    def origin(self) -> str:
        """What stands in the address bar, without a path."""
        scheme, usual = ("http", 80) if self.options.demo else ("https", 443)
        return f"{scheme}://{self.host}" + ("" if self.options.port == usual else f":{self.options.port}")

    @property
    def address(self) -> str:
        """Where the web process listens: the demo answers this machine only."""
        return "127.0.0.1" if self.options.demo else "0.0.0.0"


def base() -> dict[str, str]:
    """What every process gets besides its settings; nothing else of the caller's environment reaches one."""
    kept = {
        name: os.environ[name]
        for name in ("HOME", "TMPDIR", "CI", "PYTHONDONTWRITEBYTECODE")
        if name in os.environ
    }
    return {
        **kept,
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "rtcc.settings",
    }


def _witness_beside(data: DataFolder) -> str:
    """``vkey@url`` of the witness beside us, once ``make_keys`` has made its key."""
    vkey = data.keys / "witness.vkey"
    return f"{vkey.read_text().strip()}@unix:{data.sockets / 'witness.sock'}" if vkey.exists() else ""


def _chosen(data: DataFolder) -> dict[str, str]:
    """What the operator chose in ``settings.toml`` of the data folder: texts, or lists of texts.

    Raises Stop for a key that is none of ours: a misspelled limit that is silently ignored is no limit.
    """
    path = data.root / "settings.toml"
    if not path.exists():
        return {}
    try:
        given = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise Stop(f"{path} cannot be read: {error}") from error
    unknown = sorted(set(given) - _CHOICES)
    if unknown:
        raise Stop(f"{path}: there is no setting {unknown[0]!r}; there are {', '.join(sorted(_CHOICES))}.")
    return {key: value if isinstance(value, str) else ",".join(value) for key, value in given.items()}


def settings(box: Box, role: str, database: str = "watchlight") -> dict[str, str]:
    """The ``WATCHLIGHT_`` settings of a process with the database role ``role`` (see `rtcc.config`)."""
    simulator = box.birth.simulator_port
    chosen = _chosen(box.data)
    own_networks = f"{_SIMULATOR_ADDRESS}:{simulator}" if box.options.demo else ""
    witnesses = (_witness_beside(box.data), chosen.get("witnesses", ""))
    values = {
        "DATA_DIR": box.data.root,
        "DATABASE_URL": box.cluster.url(role, database),
        "BROKER_URL": box.valkey.url,
        "HOST": box.host,
        "PORT": box.options.port,
        "ORIGIN": box.origin,
        "DEMO": int(box.options.demo),
        "SECRET_KEY_FILE": box.data.secrets / "django-secret-key",
        "KEYS_DIR": box.data.keys,
        "LOG_NAME": box.birth.log_name,
        "WITNESSES": ",".join(filter(None, witnesses)),
        "LIVE_SOCKET": box.data.sockets / "live.sock",
        "CAMERA_NETWORKS": chosen.get("camera_networks", own_networks),
        "MAP_TILES": chosen.get("map_tiles", ""),
        "SIM_PORT": simulator,
        "CITY_ZONE": chosen.get("city_zone", box.birth.city_zone),
        "PERIOD_KEYS": chosen.get("period_keys", ""),
        "PROXIES": chosen.get("proxies", ""),
        "ROLE": role,
    }
    return {f"WATCHLIGHT_{name}": str(value) for name, value in values.items()}


def environment(box: Box, role: str, database: str = "watchlight") -> dict[str, str]:
    """The whole environment of a process of this box; without a role it gets no settings and no password."""
    return {**base(), **(settings(box, role, database) if role else {})}
