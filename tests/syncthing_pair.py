"""Two real Syncthing nodes on loopback, a phone and the machine of the factory.

They find each other by address alone: no discovery, no relays, nothing leaves the machine.
They look for changes when told (`Node.scan`), so that no test depends on when they would.
"""

import http.client
import json
import os
import secrets
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

import needs
from kafka_broker import free_ports
from waiting import until

OFFLINE_OPTIONS = {
    "globalAnnounceEnabled": "false",
    "localAnnounceEnabled": "false",
    "relaysEnabled": "false",
    "natEnabled": "false",
    "crashReportingEnabled": "false",
    "urAccepted": "-1",
    "autoUpgradeIntervalH": "0",
    "startBrowser": "false",
    "reconnectionIntervalS": "1",
    "limitBandwidthInLan": "true",
}


class Node:
    """One Syncthing with folders below `home`/<folder id>."""

    def __init__(self, program: str, home: Path, types: Mapping[str, str]) -> None:
        self._program = program
        self._home = home
        self._types = types
        self._key = secrets.token_hex(16)
        self._gui_port, self._port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("generate")
        own = ET.parse(home / "config.xml").find("device")  # noqa: S314  Syncthing wrote it
        assert own is not None
        self.device_id = own.attrib["id"]

    def folder(self, folder_id: str) -> Path:
        """Where a folder lies."""
        return self._home / folder_id

    def start(self, peer: "Node", address: str = "dynamic") -> None:
        """Run. One of two nodes is given the other's address: if both call, both hang up."""
        self._configure(peer, address)
        with (self._home / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                [self._program, "serve", f"--home={self._home}", "--no-browser", "--no-restart"],
                env=self._environment(),
                stdout=output,
                stderr=output,
            )
        until(self._answers, within_s=120, what="Syncthing answers")

    def scan(self, folder_id: str) -> None:
        """Look for changes in a folder, now."""
        self.ask("POST", f"/rest/db/scan?folder={folder_id}")

    def revert(self, folder_id: str) -> None:
        """Undo every local change of a receive-only folder: what is gone is fetched again."""
        self.ask("POST", f"/rest/db/revert?folder={folder_id}")

    def send_at_most(self, kib_per_s: int) -> None:
        """Limit what it sends; 0 = no limit."""
        self.ask("PATCH", "/rest/config/options", {"maxSendKbps": kib_per_s})

    def pause(self, peer: "Node") -> None:
        """Let go of the other node, until `resume`."""
        self.ask("POST", f"/rest/system/pause?device={peer.device_id}")

    def resume(self, peer: "Node") -> None:
        """Connect again."""
        self.ask("POST", f"/rest/system/resume?device={peer.device_id}")

    def ask(self, method: str, path: str, body: object = None) -> object:
        """The decoded answer of its REST interface."""
        connection = http.client.HTTPConnection("127.0.0.1", self._gui_port, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"X-API-Key": self._key})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, f"{method} {path}: {answer.status} {content!r}"
        decoded: object = json.loads(content) if content else None
        return decoded

    def end(self) -> None:
        """Kill it, and the process in which it really runs."""
        if self._process is None:
            return
        with suppress(psutil.NoSuchProcess):
            monitor = psutil.Process(self._process.pid)
            for process in (monitor, *monitor.children(recursive=True)):
                process.kill()
        self._process.wait(60)

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self._home / "output.txt").read_text()
        try:
            return bool(self.ask("GET", "/rest/system/ping"))
        except OSError:
            return False

    def _run(self, command: str) -> None:
        subprocess.run(
            [self._program, command, f"--home={self._home}"],
            env=self._environment(),
            check=True,
            capture_output=True,
        )

    def _environment(self) -> dict[str, str]:
        given = os.environ  # noqa: TID251  it is handed on
        return {**given, "STNODEFAULTFOLDER": "1", "STNOUPGRADE": "1", "HOME": str(self._home)}

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"tcp://127.0.0.1:{self._port}"

    def _configure(self, peer: "Node", address: str) -> None:
        path = self._home / "config.xml"
        tree = ET.parse(path)  # noqa: S314  Syncthing wrote it
        root = tree.getroot()
        version = root.attrib["version"]
        root.clear()
        root.set("version", version)
        for folder_id, kind in self._types.items():
            root.append(self._folder(folder_id, kind, (self, peer)))
        root.append(_device(self, "dynamic"))
        root.append(_device(peer, address))
        gui = ET.SubElement(root, "gui", enabled="true", tls="false")
        ET.SubElement(gui, "address").text = f"127.0.0.1:{self._gui_port}"
        ET.SubElement(gui, "apikey").text = self._key
        options = ET.SubElement(root, "options")
        ET.SubElement(options, "listenAddress").text = self.address
        for name, value in OFFLINE_OPTIONS.items():
            ET.SubElement(options, name).text = value
        tree.write(path)

    def _folder(self, folder_id: str, kind: str, members: tuple["Node", "Node"]) -> ET.Element:
        place = self.folder(folder_id)
        (place / ".stfolder").mkdir(parents=True, exist_ok=True)
        folder = ET.Element(
            "folder",
            {
                "id": folder_id,
                "path": str(place),
                "type": kind,
                "rescanIntervalS": "0",
                "fsWatcherEnabled": "false",
            },
        )
        for member in members:
            ET.SubElement(folder, "device", id=member.device_id)
        ET.SubElement(folder, "maxConflicts").text = "10"
        return folder


def _device(node: Node, address: str) -> ET.Element:
    device = ET.Element("device", id=node.device_id, compression="never")
    ET.SubElement(device, "address").text = address
    return device


class Pair:
    """A phone and a machine that keep two folders the same.

    "shared": both may change it. "outbox": the phone sends, the machine only receives.
    """

    def __init__(self, home: Path) -> None:
        program = needs.program("syncthing")
        for name in ("phone", "machine"):
            (home / name).mkdir()
        both = {"shared": "sendreceive"}
        self.phone = Node(program, home / "phone", {**both, "outbox": "sendonly"})
        self.machine = Node(program, home / "machine", {**both, "outbox": "receiveonly"})

    def __enter__(self) -> Self:
        """Both run."""
        try:
            self.phone.start(self.machine)
            self.machine.start(self.phone, self.phone.address)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Neither runs."""
        self.phone.end()
        self.machine.end()
