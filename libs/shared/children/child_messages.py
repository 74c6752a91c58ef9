"""Messages between a service and its decoding child: length-prefixed JSON over a socket pair.

A message is 4 bytes of length (network order) and that many bytes of UTF-8 JSON, an object. An
open file travels with the length (SCM_RIGHTS).
"""

import json
import socket
import struct
from collections.abc import Mapping

LENGTH = struct.Struct("!I")
MAXIMUM_BYTES = 64 * 2**20


class NotAMessageError(ValueError):
    """What came over the socket is not a message: too long, not JSON or not an object."""


def encode(message: Mapping[str, object]) -> bytes:
    """The JSON bytes of ``message``; raises NotAMessageError for what JSON cannot hold."""
    try:
        payload = json.dumps(message).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise NotAMessageError(f"cannot be written as JSON: {error}") from error
    if len(payload) > MAXIMUM_BYTES:
        raise NotAMessageError(f"{len(payload)} bytes are more than {MAXIMUM_BYTES}")
    return payload


def decode(payload: bytes) -> dict[str, object]:
    """The object in ``payload``; raises NotAMessageError."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise NotAMessageError(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise NotAMessageError("not a JSON object")
    return message


def length_of(header: bytes) -> int:
    """How many bytes follow ``header``; raises NotAMessageError above the limit."""
    (length,) = LENGTH.unpack(header)
    if length > MAXIMUM_BYTES:
        raise NotAMessageError(f"{length} bytes announced, at most {MAXIMUM_BYTES} are read")
    return int(length)


def send(channel: socket.socket, payload: bytes, fd: int | None = None) -> None:
    """Sends one message, with ``fd`` if there is one."""
    header = LENGTH.pack(len(payload))
    if fd is None:
        channel.sendall(header)
    else:
        socket.send_fds(channel, [header], [fd])
    channel.sendall(payload)
