"""Ports and addresses: is one free, does somebody answer."""

import errno
import socket
import urllib.error
import urllib.request

from shared.errors import UserError

LOOPBACK = "127.0.0.1"


def free_port(wanted: int) -> int:
    """Return ``wanted``, or any free port for 0; raise UserError if it cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except (OSError, OverflowError) as error:
            is_busy = getattr(error, "errno", None) == errno.EADDRINUSE
            reason = "is in use by another program" if is_busy else "cannot be used"
            raise UserError(
                f"port {wanted} {reason}", "choose another with --port N, or any with --port 0"
            ) from error
        return int(probe.getsockname()[1])


def answers(address: str, *, timeout_s: float = 2.0) -> bool:
    """Return whether somebody accepts connections at HOST:PORT."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout_s).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True


def answer(url: str, *, timeout_s: float = 1.0) -> tuple[int, bytes] | None:
    """Return code and body of an HTTP answer, None without one; proxies are not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_s) as answered:
            return int(answered.status), answered.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, ValueError):
        return None
