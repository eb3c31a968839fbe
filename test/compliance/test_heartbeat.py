"""heartbeat: both ways, and what becomes of a silent client."""

import pika
import pytest
from pika.exceptions import AMQPConnectionError, StreamLostError

from amqp import Tap, covers

HEARTBEAT_SECONDS = 1


class Silent(Tap):
    """A client that promises heartbeats and sends none."""

    def _create_heartbeat_checker(self):
        return None


def heartbeats(connection):
    return [frame for frame in connection.frames if isinstance(frame, pika.frame.Heartbeat)]


@covers('connection.tune-ok.heartbeat', row='CON-15')
def test_the_broker_sends_heartbeats(connect):
    connection = connect(heartbeat=HEARTBEAT_SECONDS)
    connection.wait_until(lambda: len(heartbeats(connection)) >= 2)
    assert connection.is_open
    assert {frame.channel_number for frame in heartbeats(connection)} == {0}


@covers('connection.tune-ok.heartbeat', row='CON-15')
def test_a_silent_client_is_dropped(connect):
    connection = connect(heartbeat=HEARTBEAT_SECONDS, tap=Silent)
    with pytest.raises((StreamLostError, AMQPConnectionError)):
        connection.wait_until(lambda: connection.is_closed)
    assert heartbeats(connection)


@covers('connection.tune-ok.heartbeat', row='CON-16')
def test_no_heartbeats_when_off(connect, channel):
    off, on = connect(heartbeat=0), connect(heartbeat=HEARTBEAT_SECONDS)
    on.wait_until(lambda: len(heartbeats(on)) >= 3)
    off.channel().exchange_declare('amq.direct', passive=True)
    assert heartbeats(off) == []
