"""The line is private, and whoever answers is who he says."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.smsc import Smsc
from tests.messaging.delivery.smpp.bound import Bound, outcomes, run, to, until


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A certificate for localhost, and not for 127.0.0.1, that signs itself: the server's side and the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an SMSC")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = tmp_path / "smsc.pem", tmp_path / "smsc.key"
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return context, str(file)


def test_messages_go_over_a_line_whose_host_is_proved(certificate: tuple[ssl.SSLContext, str]) -> None:
    context, file = certificate

    async def story() -> None:
        async with Smsc(tls=context) as smsc, Bound(smsc, host="localhost", tls=True, authorities=file) as bound:
            session = await bound.up()
            await outcomes(session.submit(to() for _ in range(50)))
            assert len(smsc.taken) == 50

    run(story())


@pytest.mark.parametrize(
    ("host", "trusted", "said"), [("127.0.0.1", True, "IP address mismatch"), ("localhost", False, "self-signed")]
)
def test_nothing_is_said_to_a_host_that_is_not_proved(
    certificate: tuple[ssl.SSLContext, str], host: str, trusted: bool, said: str
) -> None:
    context, file = certificate

    async def story() -> None:
        authorities = file if trusted else None
        async with Smsc(tls=context) as smsc, Bound(smsc, host=host, tls=True, authorities=authorities) as bound:
            await until(lambda: len(bound.changes) > 1)
            assert not any(up for up, _ in bound.changes)
            assert said in bound.changes[0][1].replace("self signed", "self-signed")
            assert smsc.binds == []

    run(story())
