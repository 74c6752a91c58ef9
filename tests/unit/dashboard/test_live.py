import json
from collections.abc import AsyncIterator

import statuses
from dashboard import live
from dashboard.status import Status
from shared import heartbeat, process
from shared.clock import SystemClock
from shared.errors import DependencyError


class Ledger:
    """What is read next."""

    def __init__(self) -> None:
        self.now: Status | DependencyError = statuses.status()
        self.readings = 0

    async def read(self) -> Status:
        self.readings += 1
        if isinstance(self.now, DependencyError):
            raise self.now
        return self.now


def made(ledger: Ledger) -> tuple[live.Live, process.Stop]:
    stop = process.Stop()
    return live.Live(ledger.read, SystemClock(), stop), stop


async def told(stream: AsyncIterator[bytes]) -> tuple[str, dict[str, object]]:
    """The next message: its event and what it holds."""
    event, data, *_ = (await anext(stream)).decode().splitlines()
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_viewer_is_told_at_once_and_with_each_change() -> None:
    ledger = Ledger()
    shown, _ = made(ledger)
    stream = shown.stream()

    assert await anext(stream) == b"retry: 2000\n\n"
    assert (await told(stream))[1]["dead_letters"] == 0
    ledger.now = statuses.status(dead_letters=1)
    await shown._look()
    assert (await told(stream))[1]["dead_letters"] == 1
    await shown._look()  # no news
    ledger.now = statuses.status(dead_letters=2)
    await shown._look()
    assert (await told(stream))[1]["dead_letters"] == 2


async def test_all_viewers_share_one_reading() -> None:
    ledger = Ledger()
    shown, _ = made(ledger)
    first, second = shown.stream(), shown.stream()

    for stream in (first, second):
        await anext(stream)
        await told(stream)

    assert ledger.readings == 1


async def test_trouble_is_told_and_its_end() -> None:
    ledger = Ledger()
    ledger.now = DependencyError("database", "gone")
    shown, _ = made(ledger)
    stream = shown.stream()
    await anext(stream)

    assert await told(stream) == ("trouble", {"detail": "database: gone"})
    ledger.now = statuses.status()
    await shown._look()
    assert (await told(stream))[0] == "status"


async def test_a_stop_ends_every_stream() -> None:
    ledger = Ledger()
    shown, stop = made(ledger)
    stream = shown.stream()
    await anext(stream)
    await told(stream)

    stop.request("test")
    await shown.run(heartbeat.Pulses(SystemClock()).add("live"))

    assert [message async for message in stream] == []


def test_time_that_passes_is_no_news() -> None:
    before = statuses.status(services=[statuses.service()])
    later = statuses.status(services=[statuses.service(heartbeat_age_s=9)])
    red = statuses.status(services=[statuses.service(heartbeat_age_s=200, colour="red")])

    assert live.news_of(before) == live.news_of(later)
    assert live.news_of(before) != live.news_of(red)
