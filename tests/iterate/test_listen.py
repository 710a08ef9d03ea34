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


def test_an_ipv6_address_is_ipv6_alone() -> None:
    with listen.bind("::1", 0) as bound:
        assert bound.family == socket.AF_INET6
        assert bound.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
