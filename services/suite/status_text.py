"""Status and receipt as a person reads them in a terminal."""

from collections.abc import Iterator
from datetime import timedelta

from rich import box
from rich.console import RenderableType
from rich.table import Table

from dashboard import words
from dashboard.receipts import Receipt
from dashboard.status import Status
from dashboard.words import size as size
from suite.terminal import escape

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
    if status.files:
        yield met(status.files)
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
    if status.damaged:
        yield damaged(status)
    if status.latest:
        yield latest(status)


def met(files: dict[str, int]) -> str:
    """Return how many files were met and what became of them."""
    under_way = files.get("open", 0)
    parts = [f"{count} {outcome}" for outcome, count in sorted(files.items()) if outcome != "open"]
    parts += [f"{under_way} under way"] if under_way else []
    return f"{sum(files.values())} files met = {' + '.join(parts)}"


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
        age = "never" if each.heartbeat_age_s is None else f"{each.heartbeat_age_s} s ago"
        task = escape(each.current_task or "")
        is_silent = each.status == "OK" and each.colour != "green"
        shown = "SILENT" if is_silent else each.status
        made.add_row(DOTS[each.colour], each.name, shown, age, task)
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
    made = table("Not in the library (photofactory quarantine list)", "file", "since", "why")
    for each in status.unfiled:
        why = ": ".join(part for part in (each.reason, each.detail) if part)
        if each.outcome != "waiting":
            why = f"{each.outcome}: {why}"
        made.add_row(escape(each.path), f"{each.since:%Y-%m-%d %H:%M}", escape(why))
    return made


def damaged(status: Status) -> Table:
    """Return what is in the library and not whole."""
    made = table("In the library, not whole (photofactory quarantine list)", "file", "what")
    for each in status.damaged:
        whole = f"; the whole picture is {each.whole}" if each.whole else ""
        made.add_row(escape(each.path), escape(each.damage + whole))
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
    if found.removed_at:
        yield f"  [yellow]{words.removed(found.removed_at)}[/]"
    if found.damage:
        yield f"  [yellow]damaged[/]    {escape(found.damage)}"
    yield f"  taken      {escape(words.taken(found))}"
    for reason in found.reasons:
        yield f"             {escape(str(reason))}"
    if found.place or found.latitude is not None:
        yield f"  place      {escape(found.place or 'not named yet')}" + (
            f"  ({found.latitude:.5f}, {found.longitude:.5f})" if found.latitude is not None else ""
        )
    for each in found.links:
        kind = each.kind.replace("_", " ")
        yield f"  {kind:<10} {escape(each.path or str(each.asset_id))}"
    yield history(found)


def history(found: Receipt) -> Table:
    """Return where the photo came from, its stages, copies and events in the order of time."""
    made = table("History", "when (UTC)", "what", "detail")
    for when, what, detail in words.history(found):
        made.add_row(f"{when:%Y-%m-%d %H:%M:%S}", what, escape(detail))
    return made


def duration(seconds: float) -> str:
    """Return a duration as 1:02:03 or 2:03."""
    text = str(timedelta(seconds=round(seconds)))
    return text.removeprefix("0:") or text
