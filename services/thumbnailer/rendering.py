"""Renditions of foreign files, made in child processes with limits."""

import base64
from collections.abc import Mapping
from typing import Final, Protocol

from shared import errors
from shared.children import children
from thumbnailer.domain.renditions import Rendition

FUNCTION: Final = "thumbnailer.decoding.child:render"
"""What the pool of children has to run."""

TIMEOUT_S: Final = 60.0
_TRIES: Final = 2


class Children(Protocol):
    """What is needed of `shared.children.children.Children`."""

    def call(
        self, request: Mapping[str, object], *, fd: int | None, timeout_s: float
    ) -> dict[str, object]:
        """The reply of the function to the request."""


def render(
    pool: Children, request: Mapping[str, object], fd: int
) -> tuple[list[Rendition], str | None]:
    """Return what was made of the open file, or nothing and why.

    A file that ends its own child twice, or takes too long twice, is given up.

    Raises:
        PermanentError: It cannot be decoded.
        children.ChildHindered: The disk failed (transient).
        DependencyError: No child can be started.
    """
    reason = ""
    for _ in range(_TRIES):
        try:
            reply = pool.call(request, fd=fd, timeout_s=TIMEOUT_S)
        except children.ChildRefused as error:
            raise errors.PermanentError(str(error).removeprefix("PermanentError: ")) from error
        except (children.ChildDied, children.ChildTimedOut) as error:
            reason = str(error)
            continue
        nothing = reply.get("nothing")
        return _renditions(reply), str(nothing) if nothing else None
    raise errors.PermanentError(f"its decoder failed {_TRIES} times: {reason}")


def _renditions(reply: Mapping[str, object]) -> list[Rendition]:
    listed = reply.get("renditions", [])
    if not isinstance(listed, list):
        raise TypeError(f"renditions are no list but {type(listed).__name__}")
    return [
        Rendition(each["kind"], each["width"], each["height"], base64.b64decode(each["content"]))
        for each in listed
    ]
