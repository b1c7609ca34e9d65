"""Where a stream may be opened. People and cameras name addresses; neither is trusted.

A name is resolved once and the connection goes to the address that was checked, so that a name which
answers differently the second time (DNS rebinding) gains nothing. Whoever connects again, is sent
elsewhere (redirect) or is given a control address asks again here.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from rtcc.config import Network, config
from rtcc.errors import BadInput

RTSP_PORT = 554


class AddressRefused(BadInput):
    """The name is not known, or leads outside the networks in which cameras may stand."""

    code = "address_refused"


@dataclass(frozen=True)
class Address:
    """What to connect to: an IP address in text, and a TCP port."""

    ip: str
    port: int


def resolve(host: str, port: int, networks: Sequence[Network] | None = None) -> Address:
    """The address to connect to, now. Asks the resolver once (it blocks); raises AddressRefused.

    ``networks`` are the configured ones unless given.
    """
    allowed = config.camera_networks if networks is None else networks
    try:
        answers = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise AddressRefused(f"The name {host!r} is not known in this network.", field="host") from error
    for _, _, _, _, sockaddr in answers:
        address = Address(_plain(str(sockaddr[0])), port)
        if is_allowed(address, allowed):
            return address
    raise AddressRefused(
        f"{host}, port {port}, is outside the networks and ports in which cameras may stand.", field="host"
    )


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the address lies in one of the networks, and its port in that network's range."""
    ip = ipaddress.ip_address(address.ip)
    return any(
        network.first_port <= address.port <= network.last_port and ip in ipaddress.ip_network(network.cidr)
        for network in networks
    )


def redirected(url: str, networks: Sequence[Network] | None = None) -> tuple[Address, str]:
    """Address and path of an address that a camera sends us to. Raises AddressRefused."""
    host, port, path = _parts(url)
    return resolve(host, port, networks), path


def control_path(base_url: str, control: str) -> str:
    """The path to ask for on the connection that stands, from a control address (RFC 2326, appendix C.1.1).

    Raises AddressRefused where it names another host or port than the connection's own.
    """
    if control in ("", "*"):
        return _parts(base_url)[2]
    # Appended, not joined as a browser would: cameras expect `<base>/trackID=1`.
    whole = control if "://" in control else base_url.rstrip("/") + "/" + control.lstrip("/")
    host, port, path = _parts(whole)
    if (host, port) != _parts(base_url)[:2]:
        raise AddressRefused("The camera names another address for its stream; that is not followed.")
    return path


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port and path with query of an RTSP address; a user name in it is refused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or RTSP_PORT
    except ValueError as error:
        raise AddressRefused("The camera named an address that cannot be read.") from error
    if parts.scheme != "rtsp" or not host or parts.username is not None:
        raise AddressRefused("Only plain rtsp:// addresses are followed.")
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _plain(ip: str) -> str:
    """An address without zone, and IPv4 for IPv4-mapped IPv6, so that one network names it."""
    parsed = ipaddress.ip_address(ip.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)
