"""Sockets: who may connect when."""

import socket

import pytest

from iterate.errors import AddressUnusable, PortBusy
from iterate.server import listen


def test_a_bound_port_refuses_connections_until_somebody_listens() -> None:
    with listen.bind("127.0.0.1", 0) as bound:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(bound.getsockname(), timeout=1)
        bound.listen()
        socket.create_connection(bound.getsockname(), timeout=1).close()


def test_a_port_that_was_left_a_moment_ago_is_free() -> None:
    with listen.bind("127.0.0.1", 0) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = bound.accept()
            # Whoever closes first keeps the port in TIME_WAIT.
            accepted.close()
            client.recv(1)
    listen.bind("127.0.0.1", port).close()


def test_a_port_on_which_somebody_listens_is_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortBusy, match="is taken"):
        listen.bind("127.0.0.1", other.getsockname()[1])


def test_without_a_port_it_counts_up_from_the_default() -> None:
    bound = [listen.bind("127.0.0.1", None) for _ in range(2)]
    try:
        for one in bound:
            one.listen()
            assert listen.DEFAULT_PORT <= one.getsockname()[1] < listen.LAST_PORT
    except OSError:
        # Both were bound to one port before either listened; the second to listen is told.
        assert bound[0].getsockname() == bound[1].getsockname()
    finally:
        for one in bound:
            one.close()


@pytest.mark.parametrize("hostname", ["203.0.113.7", "no.such.host.invalid", "", "a..b"])
def test_what_is_no_address_of_ours_is_unusable(hostname: str) -> None:
    if hostname:
        with pytest.raises(AddressUnusable):
            listen.bind(hostname, 0)


def test_a_name_of_both_kinds_means_ipv4() -> None:
    with listen.bind("localhost", 0) as bound:
        assert bound.family == socket.AF_INET


def test_what_is_announced_for_a_name_is_the_address_that_was_bound() -> None:
    with listen.bind("localhost", 0) as bound:
        host, port = bound.getsockname()
        assert listen.address_of("localhost", bound).url == f"http://{host}:{port}" == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("hostname", ["localhost", "LOCALHOST", "ip6-localhost", "127.0.0.1", "127.1", "::1", "0"])
def test_the_announced_address_is_the_one_that_answers_whatever_the_name_means_elsewhere(hostname: str) -> None:
    try:
        bound = listen.bind(hostname, 0)
    except AddressUnusable:
        pytest.skip(f"{hostname} is not known here")
    with bound:
        bound.listen()
        url = listen.address_of(hostname, bound).url
        host, _, port = url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5) as client:
            accepted, address = bound.accept()
            accepted.close()
            assert address[:2] == client.getsockname()[:2]


def test_another_program_on_the_other_loopback_address_gets_none_of_our_clients() -> None:
    # `localhost` means both; a client that tries ::1 first must not end up there.
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with other, listen.bind("localhost", other.getsockname()[1]) as bound:
        assert "localhost" not in listen.address_of("localhost", bound).url


def test_an_ipv6_address_is_ipv6_alone() -> None:
    with listen.bind("::1", 0) as bound:
        assert bound.family == socket.AF_INET6
        assert bound.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
