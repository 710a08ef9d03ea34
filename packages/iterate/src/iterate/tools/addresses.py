"""Which network addresses are everybody's, and which lead into this machine or its own network. It asks nobody."""

import ipaddress

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses of IPv6 that carry one of IPv4 in their last 32 bits: the translation of RFC 6052.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def parsed(text: str) -> Address:
    """An address as the resolver writes it; a zone behind `%` is left out."""
    return ipaddress.ip_address(text.partition("%")[0])


def is_public(address: Address) -> bool:
    """Whether it belongs to the internet at large; what carries another address is as public as that one."""
    if isinstance(address, ipaddress.IPv6Address) and (inner := _inner(address)) is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def is_of_machines(address: Address) -> bool:
    """Whether it is link-local, where clouds tell a machine its own passwords."""
    if isinstance(address, ipaddress.IPv6Address) and (inner := _inner(address)) is not None:
        return is_of_machines(inner)
    return address.is_link_local or str(address) in {"fd00:ec2::254", "100.100.100.200", "192.0.0.192"}


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    last = int(address) & 0xFFFFFFFF
    # The old form of mapped addresses; of these `::` and `::1` are IPv6's own.
    is_compatible = int(address) >> 32 == 0 and last > 1
    return ipaddress.IPv4Address(last) if address in _TRANSLATED or is_compatible else None
