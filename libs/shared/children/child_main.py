"""The child's side: one process that calls one function for whatever its service asks.

Started by child_process as ``python -P -m shared.children.child_main MODULE:FUNCTION CHANNEL
LIFELINE ADDRESS_SPACE FILE_SIZE``. The function takes ``(request, fd)`` and returns the reply;
both are JSON objects, fd is an open read-only file at offset 0, or None. An exception is the reply
``{"error": ...}``: it refuses this file and does not end the child. Nothing here may import more
than it needs: every megabyte counts once per child.
"""

import importlib
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable

from shared import errors
from shared.children import child_messages

Function = Callable[[dict[str, object], int | None], dict[str, object]]


def main(arguments: list[str]) -> None:
    """Serves requests until the service closes the channel or dies."""
    name, channel_fd, lifeline_fd, address_space_bytes, file_size_bytes = arguments
    threading.Thread(target=_end_with_parent, args=(int(lifeline_fd),), daemon=True).start()
    _limit(resource.RLIMIT_AS, int(address_space_bytes))
    _limit(resource.RLIMIT_FSIZE, int(file_size_bytes))
    _limit(resource.RLIMIT_CORE, 0)
    channel = socket.socket(fileno=int(channel_fd))
    function = _load(name)
    child_messages.send(channel, child_messages.encode({"ready": os.getpid()}))
    while _serve_one(channel, function):
        pass
    channel.detach()  # closed by the end of the process: that tells the service that it is over


def _end_with_parent(lifeline_fd: int) -> None:
    """Ends this process at once when the pipe from the service closes, even while decoding."""
    while os.read(lifeline_fd, 1):
        pass
    os._exit(0)


def _limit(what: int, limit: int) -> None:
    """Lowers a limit where the system knows it (macOS refuses RLIMIT_AS; the parent measures)."""
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    try:
        resource.setrlimit(what, (limit, limit))
    except (ValueError, OSError):
        return


def _load(name: str) -> Function:
    module, _, function = name.partition(":")
    found: Function = getattr(importlib.import_module(module), function)
    return found


def _serve_one(channel: socket.socket, function: Function) -> bool:
    """Answers one request; False once the service has closed the channel."""
    header, fds, _, _ = socket.recv_fds(channel, child_messages.LENGTH.size, 1)
    if not header:
        return False
    try:
        header += _receive(channel, child_messages.LENGTH.size - len(header))
        request = child_messages.decode(_receive(channel, child_messages.length_of(header)))
        payload = _answer(function, request, fds[0] if fds else None)
    finally:
        for fd in fds:
            os.close(fd)
    child_messages.send(channel, payload)
    return True


def _receive(channel: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(min(length - len(parts), 2**20))
        if not part:
            raise EOFError("the service went away within a request")
        parts += part
    return bytes(parts)


def _answer(function: Function, request: dict[str, object], fd: int | None) -> bytes:
    try:
        if fd is not None:
            os.lseek(fd, 0, os.SEEK_SET)
        return child_messages.encode({"reply": function(request, fd)})
    except Exception as error:  # noqa: BLE001  whatever a decoder raises refuses this file only
        return child_messages.encode({"error": _describe(error)})


def _describe(error: Exception) -> dict[str, object]:
    """What the service is told; ``transient`` if the file is not to blame (its disk is)."""
    is_transient = isinstance(error, errors.TransientError) or (
        isinstance(error, OSError) and error.errno is not None
    )
    text = str(error) or "no message"
    return {"type": type(error).__name__, "message": text[:2000], "transient": is_transient}


if __name__ == "__main__":
    main(sys.argv[1:])
