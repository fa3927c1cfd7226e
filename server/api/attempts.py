"""Wrong tokens: how many one client may try, so that none is found by trying."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import monotonic

from server.api.errors import Refused

PER_MINUTE = 10
WINDOW_S = 60.0
CLIENTS_KEPT = 4096


class Attempts:
    """Bounds wrong tokens by client. One that is sent again and again, as an old cookie is, counts once.

    Safe to share between threads.
    """

    def __init__(self, per_minute: int = PER_MINUTE, clock: Callable[[], float] = monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._wrong: OrderedDict[str, dict[int, float]] = OrderedDict()  # client → wrong token, hashed → when first
        self._lock = threading.Lock()

    def check(self, client: str) -> None:
        """Raises `Refused` (429) for a client with too many wrong tokens behind it, whatever it sends now."""
        with self._lock:
            wrong = self._wrong.get(_network(client), {})
            now = self._clock()
            for given in [given for given, at in wrong.items() if now - at >= WINDOW_S]:
                del wrong[given]
            if len(wrong) >= self._per_minute:
                wait_s = ceil(WINDOW_S - (now - min(wrong.values())))
                message = f"{len(wrong)} wrong tokens came from your address within a minute, which is the most"
                raise Refused(429, "TooManyRequests", message, hint=f"wait {wait_s} s", retry_after_s=wait_s)

    def wrong(self, client: str, given: str) -> None:
        """Note a wrong token."""
        with self._lock:
            tried = self._wrong.setdefault(_network(client), {})
            tried.setdefault(hash(given), self._clock())
            self._wrong.move_to_end(_network(client))
            while len(self._wrong) > CLIENTS_KEPT:
                self._wrong.popitem(last=False)


def _network(client: str) -> str:
    """Who is counted as one: an address, or the 64 bits of an IPv6 network, within which anyone has any address."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if not isinstance(address, IPv6Address):
        return client
    return str(address.ipv4_mapped or int(address) >> 64)
