"""Changes as the rows of `job_assets` hold them, and back; pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from librarian.redating.decisions import Decision
from librarian.redating.plan import Back, Change


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A row of a job, with name, root and present path of its asset."""

    asset_id: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    root_id: UUID | None
    name: str
    relative_path: str | None

    def change(self) -> Change:
        """The change that the job makes."""
        path = self.after.get("path")
        return Change(
            asset_id=self.asset_id,
            root_id=self.root_id,
            name=self.name,
            relative_path=self.before["relative_path"],
            before=Decision.from_json(self.before["decision"]),
            after=Decision.from_json(self.after["decision"]),
            override_before=self.before["override"],
            override_after=self.after["override"],
            folder=_folder_of(path) if path else self.after.get("folder"),
        )

    def reverse(self) -> Change:
        """The change that takes it back; a file that went elsewhere since then stays there."""
        moves = self.after.get("moves") or []
        is_where_left = bool(moves) and moves[0][1] == self.relative_path
        path = moves[0][0] if is_where_left else None
        return Change(
            asset_id=self.asset_id,
            root_id=self.root_id,
            name=self.name,
            relative_path=self.relative_path,
            before=Decision.from_json(self.after["decision"]),
            after=Decision.from_json(self.before["decision"]),
            override_before=self.after["override"],
            override_after=self.before["override"],
            folder=_folder_of(path) if path else None,
            back=Back(self.before.get("dates"), path),
        )


def row_of(change: Change) -> dict[str, Any]:
    """The columns of a row that plans a change."""
    where = {"folder": change.folder} if change.back is None else dataclasses.asdict(change.back)
    return {
        "asset_id": change.asset_id,
        "before": {
            "decision": change.before.to_json(),
            "override": change.override_before,
            "relative_path": change.relative_path,
        },
        "after": {
            "decision": change.after.to_json(),
            "override": change.override_after,
            **where,
        },
    }


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]
