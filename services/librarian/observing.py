"""watchdog's observer of one folder; on Linux it also says when the kernel gives no more watches.

watchdog passes over a sub-folder that it may not watch without a word, at the start and later.
"""

from __future__ import annotations

import errno
import sys
from typing import Final

from watchdog.observers.api import BaseObserver

EXHAUSTED: Final = {errno.ENOSPC, errno.EMFILE, errno.ENOMEM}
"""Of watches (fs.inotify.max_user_watches), of instances, of kernel memory; inotify(7)."""

if sys.platform == "linux":
    from watchdog.observers import inotify, inotify_c

    class Watches(inotify_c.InotifyFD):
        """One inotify instance. Invariant: without a ``refusal`` every folder is watched."""

        refusal: OSError | None = None

        def add_callback(
            self,
            path: bytes,
            mask: inotify_c.Mask,
            callback: inotify_c.WatchCallback,
            id_: inotify_c.CallbackId,
        ) -> inotify_c.WatchDescriptor:
            """Watch one folder; the first refusal that is no fault of the folder is kept."""
            try:
                return super().add_callback(path, mask, callback, id_)
            except OSError as error:
                if error.errno in EXHAUSTED and self.refusal is None:
                    self.refusal = error
                raise

    class Observer(BaseObserver):
        """Tells of changes below its folders."""

        def __init__(self) -> None:
            self._inotify = Watches()
            self._inotify.start()
            super().__init__(inotify.InotifyEmitter, inotify_fd=self._inotify)

        @property
        def refusal(self) -> OSError | None:
            """Why a folder is not watched; None while all are."""
            return self._inotify.refusal

        def on_thread_stop(self) -> None:
            """End the threads."""
            super().on_thread_stop()
            self._inotify.stop()
            self._inotify.join()

else:
    from watchdog import observers

    class Observer(observers.Observer):
        """Tells of changes below its folders."""

        refusal: OSError | None = None
