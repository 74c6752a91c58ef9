"""Fixtures for every test: a real PostgreSQL, a real Kafka, started when first asked for."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import hypothesis
import pytest

import needs
import postgres_cluster
from kafka_broker import KafkaBroker, why_not_here
from postgres_cluster import Cluster
from samples import samples as samples
from shared.database import Database
from suite import database_setup

# Property tests try the same examples in every run, and no clock judges them.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")

TEMPLATE = "photofactory_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The server of this run of the tests."""
    with postgres_cluster.running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_template(postgres: Cluster) -> str:
    """The name of a database with the present schema that nobody is connected to."""
    postgres.execute(f"create database {TEMPLATE}")
    database_setup.migrate(postgres.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_database_url(postgres: Cluster) -> Iterator[str]:
    """A database of this test alone, without any table."""
    yield from _database(postgres, "template0")


@pytest.fixture
def database_url(postgres: Cluster, migrated_template: str) -> Iterator[str]:
    """A migrated database of this test alone; commits are fine, it is dropped afterwards."""
    yield from _database(postgres, migrated_template)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """`shared.database.Database` on a migrated database of this test alone."""
    opened = Database(database_url, application_name="test")
    try:
        yield opened
    finally:
        opened.close()


def _database(postgres: Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    postgres.execute(f"create database {name} template {template}")
    try:
        yield postgres.url(name)
    finally:
        postgres.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """HOST:PORT of Apache Kafka, shared by the run: use topics and groups of your own."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")  # noqa: TID251  told by who runs the tests
    if given:
        yield given
        return
    _need_kafka()
    with KafkaBroker() as broker:
        yield broker.address


@pytest.fixture
def new_broker() -> Iterator[Callable[[], KafkaBroker]]:
    """Starts a broker of this test alone, one that it may stop, kill or replace (5 s each)."""
    _need_kafka()
    with ExitStack() as brokers:
        yield lambda: brokers.enter_context(KafkaBroker())


def _need_kafka() -> None:
    reason = why_not_here()
    if reason:
        needs.absent("kafka", reason)
