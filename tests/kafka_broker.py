"""A real Apache Kafka (KRaft, one process) on loopback, from its jars in Maven's repository.

`python tests/kafka_broker.py` only fetches the jars (45 MB, once per machine). This module uses
nothing but the standard library.
"""

import os
import secrets
import shutil
import socket
import string
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

VERSION = "4.3.1"
LOG4J = "2.25.4"  # the log4j-core that this Kafka brings; log4j-slf4j-impl has to match it
CACHE = Path.home() / ".cache" / "photofactory-kafka"
JARS = CACHE / f"jars-{VERSION}"

POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId><version>{LOG4J}</version></dependency>
  </dependencies>
</project>
"""

LOGGING = """appender.err.type=Console
appender.err.name=err
appender.err.target=SYSTEM_ERR
appender.err.layout.type=PatternLayout
appender.err.layout.pattern=%d %p %m (%c{1})%n
rootLogger.level=warn
rootLogger.appenderRef.err.ref=err
"""

CONFIGURATION = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# after kill -9 a broker may register again only when its old session has run out
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# the default buffer takes 128 MB of heap
log.cleaner.dedupe.buffer.size=8388608
"""


class KafkaError(Exception):
    """Kafka or its jars could not be had."""


def why_not_here() -> str | None:
    """What is missing for a broker on this machine; None: nothing."""
    if not shutil.which("java"):
        return "there is no java"
    if not JARS.is_dir() and not shutil.which("mvn"):
        return f"there is no mvn to fetch the jars of Kafka {VERSION}"
    return None


def fetch_jars() -> Path:
    """The folder with Kafka's jars, from Maven's repository the first time."""
    if JARS.is_dir():
        return JARS
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        (Path(folder) / "pom.xml").write_text(POM)
        _run_maven(folder)
        try:
            (Path(folder) / "lib").rename(JARS)
        except OSError:
            if not JARS.is_dir():  # else another run was first
                raise
    return JARS


def _run_maven(folder: str) -> None:
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"]
    output = ""
    for _ in range(3):  # a repository may be busy
        maven = subprocess.run(
            ["mvn", "-q", "-B", *goal], cwd=folder, capture_output=True, text=True, check=False
        )
        if maven.returncode == 0:
            return
        output = maven.stdout
    raise KafkaError(f"Maven could not fetch Kafka: {output[-2000:]}")


class KafkaBroker:
    """A broker with a data folder of its own; `address` stays over `stop`, `kill` and `start`."""

    address: str

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pf-kafka-"))
        self._jars = fetch_jars()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for attempts_left in (2, 1, 0):  # a port may be taken between choice and use
            self._configure()
            try:
                self.start()
            except KafkaError:
                self.kill()
                if not attempts_left:
                    raise
            else:
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start, and return when it answers."""
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_ends_with_us(), *self._java("kafka.Kafka", f"{self.folder}/server.properties")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise KafkaError(f"Kafka: {(self.folder / 'server.log').read_text()[-3000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """An orderly end; what it holds is kept."""
        if self._process:
            self._process.terminate()
            self._process.wait(120)

    def kill(self) -> None:
        """kill -9; what it holds is kept."""
        if self._process:
            self._process.kill()
            self._process.wait(120)

    def wipe(self) -> None:
        """Stop and forget all topics and offsets: the next start is another, empty cluster."""
        self.stop()
        shutil.rmtree(self.folder / "data")
        self._format()

    def _configure(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        port, controller = free_ports(2)
        self.address = f"127.0.0.1:{port}"
        (self.folder / "log4j2.properties").write_text(LOGGING)
        (self.folder / "server.properties").write_text(
            CONFIGURATION.format(port=port, controller=controller, folder=self.folder)
        )
        self._format()

    def _format(self) -> None:
        cluster = "".join(secrets.choice(string.ascii_letters) for _ in range(21)) + "A"
        done = subprocess.run(
            self._java(
                "kafka.tools.StorageTool",
                *("format", "-t", cluster, "-c", str(self.folder / "server.properties")),
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise KafkaError(f"format failed: {done.stdout}{done.stderr}")

    def _java(self, main: str, *arguments: str) -> list[str]:
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        logging = f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties"
        return ["java", *options, logging, "-cp", f"{self._jars}/*", main, *arguments]

    def _answers(self) -> bool:
        """True when a metadata request (v1, all topics) lists a broker: it is registered."""
        request = b"\x00\x03\x00\x01\x00\x00\x00\x01\xff\xff\x00\x00\x00\x00"
        try:
            with socket.create_connection(_pair(self.address), timeout=2) as connection:
                connection.settimeout(5)
                connection.sendall(len(request).to_bytes(4, "big") + request)
                answer = connection.recv(12)
        except OSError:
            return False
        return len(answer) == 12 and int.from_bytes(answer[8:12], "big") == 1


def _ends_with_us() -> list[str]:
    """On Linux the broker ends with the tests, however they end."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def _pair(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


if __name__ == "__main__":
    os.write(1, f"{fetch_jars()}\n".encode())
