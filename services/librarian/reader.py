"""Facts of foreign files, read in a child process with limits."""

import os
from collections.abc import Mapping
from typing import Protocol, cast

import structlog

from librarian.domain import content_type
from librarian.domain.facts import JSON, Facts
from librarian.formats import found
from shared.children import children

log = structlog.get_logger()

FUNCTION = "librarian.reader_child:read"
"""What the pool of children has to run."""

_TRIES = 2
_TIMEOUT_S = 30.0


class Children(Protocol):
    """What the reader needs of `shared.children.children.Children`."""

    def call(
        self, request: Mapping[str, object], *, fd: int | None, timeout_s: float
    ) -> dict[str, object]:
        """The reply of the function to the request."""


class Reader:
    """Reads facts; thread-safe as far as its pool is."""

    def __init__(self, pool: Children) -> None:
        """A reader that asks `pool`, which runs FUNCTION."""
        self._pool = pool

    def read(self, fd: int, name: str) -> Facts:
        """What the open file says about itself; `name` is for the log alone.

        No content raises: what cannot be read has no tags and a `problem` that says why. What is
        neither a picture nor a video has the media type "unknown".

        Raises:
            shared.children.children.ChildHindered: The disk failed (transient).
            shared.errors.DependencyError: No child can be started.
        """
        reason = ""
        for _ in range(_TRIES):
            try:
                reply = self._pool.call({"name": name}, fd=fd, timeout_s=_TIMEOUT_S)
                return Facts.from_json(cast("Mapping[str, JSON]", reply))
            except (children.ChildDied, children.ChildTimedOut) as error:
                reason = str(error)
            except children.ChildRefused as error:
                reason = str(error)
                break
        log.warning("metadata.refused", name=name, reason=reason)
        return _without_metadata(fd, reason)


def _without_metadata(fd: int, reason: str) -> Facts:
    """The kind alone: recognising it takes a few comparisons and is safe here."""
    kind = content_type.detect(os.pread(fd, content_type.HEAD_BYTES, 0))
    if kind is None:
        return found.NOT_MEDIA
    problem = f"metadata could not be read: {reason}"
    return Facts(kind.media_type, kind.mime_type, problem=problem[:500])
