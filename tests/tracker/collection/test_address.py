"""Address: whose hit it is, behind proxies."""

from ipaddress import ip_network

import pytest

from tracker.collection.address import client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # whoever is no proxy of ours may claim what he likes
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
def test_the_right_most_address_that_is_no_proxy_of_ours_is_the_clients(
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
def test_a_person_has_one_address_whatever_port_and_spelling_the_proxy_gives(forwarded: str, client: str) -> None:
    assert client_address("10.0.0.1", forwarded, PROXIES) == client
    assert client_address("10.0.0.1:4711", forwarded, PROXIES) == client
