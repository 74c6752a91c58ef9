"""The one tree of errors; the class decides what happens to the file, the job or the loop.

PhotoFactoryError
├── PermanentError      this file or payload will never work: quarantine it, go on
├── TransientError      this file may work later: try again, then park it, go on
├── DependencyError     nothing can work until a dependency is back: wait, count no attempt
└── UserError           a person asked for something impossible: one line and the way out
"""


class PhotoFactoryError(Exception):
    """Base of every anticipated failure; the message carries ids and values."""


class PermanentError(PhotoFactoryError):
    """This input can never be handled by this version of this service."""


class TransientError(PhotoFactoryError):
    """This input could not be handled now and may be handled later."""


class DependencyError(PhotoFactoryError):
    """A dependency (database, broker, root, free space, backup target) is not usable now."""

    def __init__(self, dependency: str, message: str) -> None:
        super().__init__(f"{dependency}: {message}")
        self.dependency = dependency


class UserError(PhotoFactoryError):
    """What a person asked for cannot be done; ``way_out`` says what they can do instead."""

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.way_out = way_out
