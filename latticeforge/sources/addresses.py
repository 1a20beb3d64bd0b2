"""Which addresses a collector may connect to.

Here: resolving a host name and refusing what is not public. Not here: connections (``client``, ``jetstream``). The
address that was checked is the one that must be connected to; resolving the name twice would let its owner answer
differently the second time (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from latticeforge.sources.faults import PermanentFault, TransientFault

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries inside (mapped, 6to4, NAT64), else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_allowed(text: str, *, allow_loopback: bool) -> bool:
    """Whether the numeric address ``text`` is public (or loopback, where that is allowed).

    >>> [is_allowed(a, allow_loopback=False) for a in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    address = embedded(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_loopback:
        return allow_loopback
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int, *, allow_loopback: bool) -> list[str]:
    """The numeric addresses of ``host``, all of them checked, in the resolver's order.

    Raises:
        PermanentFault: an address is not public. One bad address among good ones refuses the host.
        TransientFault: the name does not resolve.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise TransientFault(f"{host} does not resolve ({error}); check the address and the name server") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_allowed(address, allow_loopback=allow_loopback):
            named = address if address == host.strip("[]") else f"{host} ({address})"
            raise PermanentFault(f"{named} is not a public address: refused; use a public feed")
    return addresses
