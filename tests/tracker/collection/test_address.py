"""Address: the client's address behind proxies."""

from ipaddress import ip_network

import pytest

from tracker.collection.address import client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # the client is no trusted proxy, and its claim is ignored
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2,2001:db8::7", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "é, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, é", "10.0.0.1"),
        ("10.0.0.1", ", 203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_right_most_address_that_is_no_trusted_proxy_is_the_clients(
    remote: str, forwarded: str, client: str
) -> None:
    assert client_address(remote, forwarded, PROXIES) == client


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9:5001", "203.0.113.9"),
        ("198.51.100.66, 203.0.113.9:5001, 10.0.0.2:80", "203.0.113.9"),
        ("[2a00:1450::9]:443", "2a00:1450::9"),
        ("[2a00:1450::9]", "2a00:1450::9"),
        ("2a00:1450:4001:81b:0:0:0:9:50123", "2a00:1450:4001:81b::9"),
        ('"[2a00:1450::9]:443"', "2a00:1450::9"),
        ("2A00:1450::9", "2a00:1450::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
    ],
)
def test_an_address_is_the_same_in_every_spelling_and_with_any_port(forwarded: str, client: str) -> None:
    assert client_address("10.0.0.1", forwarded, PROXIES) == client
    assert client_address("10.0.0.1:4711", forwarded, PROXIES) == client
