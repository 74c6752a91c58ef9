"""Decoding children: what they answer, how they fail, and that they end."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path

import psutil
import pytest

import waiting
from shared import errors
from shared.children import children
from shared.children.children import Children, Limits

MakeChildren = Callable[..., Children]


@pytest.fixture
def make_children() -> Iterator[MakeChildren]:
    made: list[Children] = []

    def make(*, processes: int = 1, name: str = "answer", **limits: float) -> Children:
        pool = Children(
            f"child_functions:{name}",
            processes=processes,
            limits=Limits(**limits),  # type: ignore[arg-type]
        )
        made.append(pool)
        return pool

    yield make
    for pool in made:
        pool.close()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_answers_and_is_used_again(make_children: MakeChildren) -> None:
    pool = make_children()

    replies = [pool.call({"do": "pid"}) for _ in range(3)]

    assert replies[0] == replies[1] == replies[2]
    assert pool.pids() == [replies[0]["pid"]]


def test_large_and_odd_values_travel_both_ways(make_children: MakeChildren) -> None:
    request = {"do": "echo", "large": "ä\ud800\0" * 300_000, "list": [1, None, {"a": 0.5}]}

    assert make_children().call(request) == request


def test_a_passed_file_is_read_from_its_beginning(
    make_children: MakeChildren, tmp_path: Path
) -> None:
    (tmp_path / "photo").write_text("the bytes")
    fd = os.open(tmp_path / "photo", os.O_RDONLY)
    os.read(fd, 4)

    try:
        pool = make_children()
        replies = [pool.call({"do": "read"}, fd=fd) for _ in range(2)]
    finally:
        os.close(fd)

    assert replies == [{"text": "the bytes"}] * 2


def test_a_writable_file_is_not_passed(make_children: MakeChildren, tmp_path: Path) -> None:
    with (tmp_path / "photo").open("w+b") as file, pytest.raises(ValueError, match="read-only"):
        make_children().call({"do": "read"}, fd=file.fileno())


def test_what_the_function_raises_refuses_the_file_and_keeps_the_child(
    make_children: MakeChildren,
) -> None:
    pool = make_children()
    before = pool.call({"do": "pid"})

    with pytest.raises(children.ChildRefused, match="ValueError: no picture"):
        pool.call({"do": "refuse", "reason": "no picture"})

    assert pool.call({"do": "pid"}) == before
    assert issubclass(children.ChildRefused, errors.PermanentError)


def test_a_reply_that_json_cannot_hold_is_refused(make_children: MakeChildren) -> None:
    with pytest.raises(children.ChildRefused, match="JSON"):
        make_children().call({"do": "not-json"})


def test_a_request_that_json_cannot_hold_is_refused(make_children: MakeChildren) -> None:
    with pytest.raises(children.ChildRefused, match="JSON"):
        make_children().call({"do": "echo", "bytes": b"x"})


def test_an_error_of_the_disk_does_not_condemn_the_file(make_children: MakeChildren) -> None:
    with pytest.raises(children.ChildHindered, match="Input/output error") as caught:
        make_children().call({"do": "io-error", "errno": errno.EIO})

    assert isinstance(caught.value, errors.TransientError)


def test_a_crash_ends_one_call_and_the_next_gets_a_new_child(make_children: MakeChildren) -> None:
    pool = make_children()
    before = pool.call({"do": "pid"})

    with pytest.raises(children.ChildDied, match="signal 11"):
        pool.call({"do": "crash"})

    assert pool.call({"do": "pid"}) != before


def test_a_child_that_died_idle_is_replaced_unnoticed(make_children: MakeChildren) -> None:
    pool = make_children()
    pid = int(str(pool.call({"do": "pid"})["pid"]))
    os.kill(pid, 9)
    waiting.until(lambda: not is_running(pid))

    assert pool.call({"do": "pid"}) != {"pid": pid}


def test_what_an_earlier_file_left_behind_does_not_count_against_the_next(
    make_children: MakeChildren,
) -> None:
    pool = make_children()
    pool.call({"do": "crash-at-next-call"})

    assert "pid" in pool.call({"do": "pid"})


def test_a_child_that_does_not_answer_is_ended(make_children: MakeChildren) -> None:
    pool = make_children()
    pid = int(str(pool.call({"do": "pid"})["pid"]))

    with pytest.raises(children.ChildTimedOut):
        pool.call({"do": "hang"}, timeout_s=0.1)

    assert not is_running(pid)
    assert pool.pids() == []


def test_a_child_that_holds_too_much_memory_is_ended(make_children: MakeChildren) -> None:
    pool = make_children(resident_bytes=100 * 2**20)

    with pytest.raises(children.ChildDied, match="bytes of memory"):
        pool.call({"do": "hold-memory", "bytes": 200 * 2**20})


def test_an_allocation_above_the_address_space_is_refused(make_children: MakeChildren) -> None:
    pool = make_children(address_space_bytes=2**30)
    if pool.call({"do": "limits"}) != {"address_space": 2**30}:
        pytest.skip("this system does not limit address space")

    with pytest.raises(children.ChildRefused, match="MemoryError"):
        pool.call({"do": "hold-memory", "bytes": 2**31})


def test_a_child_cannot_fill_the_disk(make_children: MakeChildren, tmp_path: Path) -> None:
    pool = make_children(file_size_bytes=2**24)

    with pytest.raises(children.ChildHindered, match="File too large"):
        pool.call({"do": "write", "path": str(tmp_path / "out"), "bytes": 2**25})


def test_a_child_sees_no_secrets_of_the_service(
    make_children: MakeChildren, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFACTORY_DATABASE_URL", "postgresql://user:secret@host/db")

    names = make_children().call({"do": "environment"})["names"]

    assert isinstance(names, list)
    assert "PHOTOFACTORY_DATABASE_URL" not in names
    assert "PATH" in names


def test_a_child_is_replaced_after_its_number_of_calls(make_children: MakeChildren) -> None:
    pool = make_children(calls_per_process=2)

    pids = [pool.call({"do": "pid"})["pid"] for _ in range(4)]

    assert pids[0] == pids[1]
    assert pids[2] == pids[3]
    assert pids[0] != pids[2]


def test_an_idle_child_ends(make_children: MakeChildren) -> None:
    pool = make_children(idle_s=0.0)
    pid = int(str(pool.call({"do": "pid"})["pid"]))

    waiting.until(lambda: not is_running(pid))

    assert pool.pids() == []


def test_what_a_child_started_ends_with_it(make_children: MakeChildren) -> None:
    pool = make_children()
    with pytest.raises(children.ChildRefused) as caught:
        pool.call({"do": "grandchild"})

    pool.close()

    grandchild = int(str(caught.value).rsplit(" ", 1)[1])
    waiting.until(lambda: not is_running(grandchild))


def test_many_threads_share_few_children(make_children: MakeChildren) -> None:
    pool = make_children(processes=2)

    with futures.ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda n: pool.call({"do": "echo", "n": n}), range(60)))

    assert [reply["n"] for reply in replies] == list(range(60))
    assert 1 <= len(pool.pids()) <= 2


def test_closing_ends_the_children_that_work_and_blames_no_file(
    make_children: MakeChildren,
) -> None:
    pool = make_children()
    with futures.ThreadPoolExecutor(1) as threads:
        waiting_call = threads.submit(pool.call, {"do": "hang"}, timeout_s=600)
        waiting.until(pool.pids)

        pool.close()

        error = waiting_call.exception()
    assert isinstance(error, errors.DependencyError)
    assert pool.pids() == []


def test_a_closed_pool_starts_nothing(make_children: MakeChildren) -> None:
    pool = make_children()
    pool.close()

    with pytest.raises(errors.DependencyError, match="closed"):
        pool.call({"do": "pid"})


def test_a_function_that_cannot_be_imported_blames_no_file(make_children: MakeChildren) -> None:
    with pytest.raises(errors.DependencyError, match="does not start"):
        make_children(name="nothing_of_this_name").call({"do": "pid"})


def test_a_child_ends_at_once_when_its_service_is_killed() -> None:
    program = (
        "import sys\n"
        "from shared.children.children import Children\n"
        "pool = Children('child_functions:answer', processes=1)\n"
        "print(pool.call({'do': 'pid'})['pid'], flush=True)\n"
        "pool.call({'do': 'hang'}, timeout_s=600)\n"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},  # noqa: TID251  a test starts a service
        stdout=subprocess.PIPE,
    ) as service:
        assert service.stdout is not None
        child = int(service.stdout.readline())

        service.kill()

    waiting.until(lambda: not is_running(child))
