"""Ports are checked before anything is started on them."""

import socket
from collections.abc import Iterator

import pytest

from shared.errors import UserError
from suite import network


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((network.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_is_refused_with_a_way_out(taken: int) -> None:
    with pytest.raises(UserError, match=f"port {taken} is in use") as refusal:
        network.free_port(taken)

    assert "--port" in refusal.value.way_out


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(UserError, match="cannot be used"):
        network.free_port(port)


def test_zero_finds_a_free_port() -> None:
    assert network.free_port(network.free_port(0)) > 0


def test_an_open_port_answers(taken: int) -> None:
    assert network.answers(f"{network.LOOPBACK}:{taken}")


@pytest.mark.parametrize("address", ["", "nonsense", "127.0.0.1:x", "127.0.0.1:99999"])
def test_what_is_no_address_does_not_answer(address: str) -> None:
    assert not network.answers(address)


def test_a_closed_port_has_no_status() -> None:
    port = network.free_port(0)

    assert not network.answers(f"{network.LOOPBACK}:{port}")
    assert network.answer(f"http://{network.LOOPBACK}:{port}/readyz") is None
