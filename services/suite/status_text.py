"""Status and receipt as a person reads them in a terminal."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from dashboard.receipts import Receipt
from dashboard.status import Status

DOTS = {"green": "[green]●[/]", "yellow": "[yellow]●[/]", "red": "[red]●[/]"}


def render(status: Status) -> Iterator[RenderableType]:
    """Yield the parts of a status, what needs a look first."""
    for alert in status.alerts:
        yield f"[bold red]![/] {escape(alert)}"
    assets = status.assets
    yield (
        f"[bold]{assets.total}[/] photos and videos ({assets.images} + {assets.videos}),"
        f" {size(assets.size_bytes)}; {assets.last_hour} in the last hour;"
        f" {assets.with_errors} with errors, {assets.damaged} damaged, {assets.undated} undated"
    )
    yield services(status)
    yield stages(status)
    yield inboxes(status)
    yield disks(status)
    if status.jobs:
        yield jobs(status)
    if status.errors:
        yield errors(status)
    if status.unfiled:
        yield unfiled(status)
    if status.latest:
        yield latest(status)


def table(title: str, *columns: str) -> Table:
    """Return an empty table in the one look of this program."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def services(status: Status) -> Table:
    """Return the services with their colours."""
    made = table("Services", "", "service", "status", "heartbeat", "doing")
    for each in status.services:
        age = f"{each.heartbeat_age_s} s ago"
        task = escape(each.current_task or "")
        made.add_row(DOTS[each.colour], each.name, each.status, age, task)
    return made


def stages(status: Status) -> Table:
    """Return how far every stage is."""
    made = table(
        "Stages", "stage", "done", "pending", "running", "not needed", "retrying", "quarantined"
    )
    for each in status.stages:
        numbers = (
            each.done, each.pending, each.running, each.not_applicable, each.retrying,
            each.quarantined,
        )  # fmt: skip
        made.add_row(each.stage.replace("_", " "), *(str(number) for number in numbers))
    return made


def inboxes(status: Status) -> Table:
    """Return the watched folders."""
    made = table("Inboxes", "folder", "mode", "watching", "state", "arriving", "unreadable")
    for each in status.inboxes:
        watching = each.watching or "not yet"
        reason = f" ({each.watching_reason})" if each.watching_reason else ""
        made.add_row(
            escape(each.path), each.mode, escape(watching + reason), each.state,
            str(each.waiting), str(each.unreadable),
        )  # fmt: skip
    return made


def disks(status: Status) -> Table:
    """Return our folders with their disks; a backup on the same disk says so."""
    made = table("Folders", "what", "folder", "state", "free", "note")
    backups = {each.path: each for each in status.backups}
    for each in status.roots:
        backup = backups.get(each.path)
        note = f"{backup.verified_copies} verified copies" if backup else ""
        if backup and backup.is_same_disk:
            note += "; [yellow]same disk as the originals[/]"
        made.add_row(each.kind, escape(each.path), each.state, size(each.free_bytes), note)
    return made


def jobs(status: Status) -> Table:
    """Return the open jobs."""
    made = table("Jobs", "job", "type", "state", "files")
    for each in status.jobs:
        counts = ", ".join(f"{number} {name}" for name, number in sorted(each.counts.items()))
        made.add_row(str(each.id), each.type, each.state, counts)
    return made


def errors(status: Status) -> Table:
    """Return the latest failures of stages."""
    made = table("Errors (photofactory retry tries again)", "photo", "stage", "state", "error")
    for each in status.errors:
        made.add_row(escape(each.name), each.stage, each.state, escape(each.error))
    return made


def unfiled(status: Status) -> Table:
    """Return the files that are kept out of the library."""
    made = table("Not in the library (photofactory quarantine list)", "file", "why")
    for each in status.unfiled:
        why = f"{each.outcome}: {each.reason or ''} {each.detail or ''}".rstrip()
        made.add_row(escape(each.path), escape(why))
    return made


def latest(status: Status) -> Table:
    """Return the photos filed last."""
    made = table("Latest", "name", "taken", "date is", "place", "filed")
    for each in status.latest:
        made.add_row(
            escape(each.name),
            f"{each.captured_local:%Y-%m-%d %H:%M}" if each.captured_local else "unknown",
            each.date_confidence,
            escape(each.place or ""),
            f"{each.ingested_at:%Y-%m-%d %H:%M}",
        )
    return made


def receipt(found: Receipt) -> Iterator[RenderableType]:
    """Yield the parts of a photo's receipt."""
    yield f"[bold]{escape(found.original_name)}[/]  {found.id}"
    yield f"  filed as   {escape(found.final_path)}  ({size(found.size_bytes)}, {found.mime_type})"
    yield f"  SHA-256    {found.file_hash}"
    if found.damage:
        yield f"  [yellow]damaged[/]    {escape(found.damage)}"
    yield f"  taken      {escape(taken(found))}"
    for reason in found.reasons:
        yield f"             {escape(str(reason))}"
    if found.place or found.latitude is not None:
        yield f"  place      {escape(found.place or 'not named yet')}" + (
            f"  ({found.latitude:.5f}, {found.longitude:.5f})" if found.latitude is not None else ""
        )
    for each in found.links:
        yield f"  {each.kind:<10} {escape(each.path or str(each.asset_id))}"
    yield history(found)


def taken(found: Receipt) -> str:
    """Return the capture time in words, with its source and confidence."""
    if found.captured_local is None:
        return "unknown (filed by the day it arrived)"
    zone = offset(found.utc_offset_minutes)
    text = f"{found.captured_local:%Y-%m-%d %H:%M:%S}{zone}"
    doubts = [
        word
        for word, is_so in (("conflict", found.conflict), ("suspicious", found.suspicious))
        if is_so
    ]
    words = ", ".join([f"confidence {found.date_confidence}", *doubts])
    return f"{text} by {found.captured_at_source} ({words})"


def offset(minutes: int | None) -> str:
    """Return an offset as +02:00; nothing when it is not known."""
    if minutes is None:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    return f" {'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def history(found: Receipt) -> Table:
    """Return where the photo came from, its stages, copies and events in the order of time."""
    made = table("History", "when (UTC)", "what", "detail")
    rows: list[tuple[datetime, str, str]] = [
        (each.first_seen_at, "met", f"{each.path} -> {each.outcome or 'open'} {each.reason or ''}")
        for each in found.occurrences
    ]
    rows += [(each.time, each.topic, summary(each.data)) for each in found.events]
    rows += [
        (each.updated_at, f"stage {each.stage}", f"{each.state} {each.error or ''}")
        for each in found.stages
    ]
    rows += [
        (each.verified_at, f"copy on {each.target}", f"{each.path} {each.state}")
        for each in found.copies
        if each.verified_at
    ]
    for when, what, detail in sorted(rows):
        made.add_row(f"{when:%Y-%m-%d %H:%M:%S}", what, escape(detail.strip()))
    return made


def summary(data: dict[str, object]) -> str:
    """Return the simple values of an event on one line."""
    simple = {key: value for key, value in data.items() if not isinstance(value, dict | list)}
    return " ".join(f"{key}={value}" for key, value in simple.items() if key != "asset_id")


def size(count: int | None) -> str:
    """Return bytes in the largest fitting unit (powers of 1000)."""
    if count is None:
        return "?"
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def duration(seconds: float) -> str:
    """Return a duration as 1:02:03 or 2:03."""
    text = str(timedelta(seconds=round(seconds)))
    return text.removeprefix("0:") or text
