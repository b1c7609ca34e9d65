"""A certificate this machine makes for itself, for a start without demo and without a given certificate."""

from __future__ import annotations

import datetime
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rtcc.onebox.layout import private_folder

_VALID_DAYS = 397


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _stands(certificate: Path, host: str, now: datetime.datetime) -> bool:
    if not certificate.exists():
        return False
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return _name(host) in names and now + datetime.timedelta(days=14) < found.not_valid_after_utc


def self_made(folder: Path, host: str, now: datetime.datetime) -> tuple[Path, Path]:
    """Certificate and key for ``host``, made anew where missing, for another name or within 14 days of its
    end.
    """
    private_folder(folder)
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    if _stands(certificate, host, now) and key_file.exists():
        return certificate, key_file
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    key_file.unlink(missing_ok=True)
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    certificate.write_bytes(made.public_bytes(pem))
    return certificate, key_file


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the certificate in hex pairs, as browsers show it."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return found.fingerprint(hashes.SHA256()).hex(":").upper()
