"""Fixtures of the compliance suite, and the record of what each test covered."""

import json
import os
import signal
import uuid

import pika
import pytest

from amqp import Connection, Inbox, Tap

URL = os.environ.get('TABMQ_URL', 'amqp://guest:guest@127.0.0.1:5672/%2F')

TEST_SECONDS_MAX = 15


def pytest_addoption(parser):
    parser.addoption('--broker', choices=['tabmq', 'rabbitmq'], default='tabmq',
                     help='who answers: deliberate differences of TabMQ are not put to rabbitmq')


def pytest_runtest_setup(item):
    difference = item.get_closest_marker('tabmq_differs')
    if difference and item.config.getoption('--broker') == 'rabbitmq':
        pytest.skip(f'TabMQ differs: {difference.args[0]}')


def pytest_collection_modifyitems(items):
    untagged = [item.nodeid for item in items if not item.get_closest_marker('covers')]
    if untagged:
        raise pytest.UsageError(f'tests without @covers: {untagged}')


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    markers = list(item.iter_markers('covers'))
    report.covers = [name for marker in markers for name in marker.args]


class Recorder:
    """Collects one result a test; a failing set-up or tear-down fails the test."""

    def __init__(self):
        self.results = {}

    def pytest_runtest_logreport(self, report):
        if report.when == 'call' or report.outcome != 'passed':
            self.results[report.nodeid] = {
                'test': report.nodeid, 'covers': report.covers, 'result': report.outcome}

    def pytest_sessionfinish(self):
        path = os.environ.get('TABMQ_COMPLIANCE_RESULTS')
        if path:
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(list(self.results.values()), file, indent=1)


def pytest_configure(config):
    config.pluginmanager.register(Recorder(), 'compliance-recorder')


def parameters_with(**changes):
    parameters = pika.URLParameters(URL)
    for name, value in changes.items():
        setattr(parameters, name, value)
    return parameters


class NoAnswer(Exception):
    """Not a TimeoutError, which pika would take for one of its socket's."""


@pytest.fixture(autouse=True)
def time_limit():
    """pika waits for a reply for ever: a broker that never answers fails the test instead."""

    def give_up(_signal, _frame):
        raise NoAnswer(f'the broker did not answer within {TEST_SECONDS_MAX} s')

    signal.signal(signal.SIGALRM, give_up)
    # It rings again if the tear-down hangs as well.
    signal.setitimer(signal.ITIMER_REAL, TEST_SECONDS_MAX, 2)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture
def cleanup():
    """Deletes what outlives a connection, on a connection of its own: the test's may be dead."""
    queues, exchanges = [], []
    yield queues, exchanges
    if not queues and not exchanges:
        return
    with pika.BlockingConnection(parameters_with()) as janitor:
        for queue in queues:
            janitor.channel().queue_delete(queue)
        for exchange in exchanges:
            janitor.channel().exchange_delete(exchange)


@pytest.fixture
def connect(cleanup):
    """Opens connections, with changed parameters if need be; closes them before the clean-up."""
    opened = []

    def open_connection(tap=Tap, **changes):
        opened.append(Connection(parameters_with(**changes), tap))
        return opened[-1]

    yield open_connection
    for connection in opened:
        if connection.is_open:
            connection.close()


@pytest.fixture
def connection(connect):
    return connect()


@pytest.fixture
def other_connection(connect):
    return connect()


@pytest.fixture
def channel(connection):
    return connection.channel()


@pytest.fixture
def other_channel(other_connection):
    """A channel of another connection."""
    return other_connection.channel()


@pytest.fixture
def name():
    """Makes names that no other test uses."""
    prefix = f'compliance.{uuid.uuid4().hex[:12]}'
    return lambda suffix='x': f'{prefix}.{suffix}'


@pytest.fixture
def queue(channel, name, cleanup):
    """Declares queues; returns the name."""

    def declare(suffix=None, on=None, **options):
        queues, _exchanges = cleanup
        queues.append(name(suffix or f'queue-{len(queues)}'))
        (on or channel).queue_declare(queues[-1], **options)
        return queues[-1]

    return declare


@pytest.fixture
def exchange(channel, name, cleanup):
    """Declares exchanges; returns the name."""

    def declare(exchange_type='direct', suffix=None, **options):
        _queues, exchanges = cleanup
        exchanges.append(name(suffix or f'exchange-{len(exchanges)}'))
        channel.exchange_declare(exchanges[-1], exchange_type, **options)
        return exchanges[-1]

    return declare


@pytest.fixture
def bound_queue(channel, queue):
    """Declares a queue and binds it to an exchange."""

    def declare(exchange, routing_key='', bind_arguments=None, **options):
        bound = queue(**options)
        channel.queue_bind(bound, exchange, routing_key, bind_arguments)
        return bound

    return declare


@pytest.fixture
def consume(channel):
    """Subscribes to a queue and returns the inbox."""
    return lambda queue, on=None, **options: Inbox(on or channel, queue, **options)
