"""x-single-active-consumer."""

import pytest

from amqp import Inbox, covers, expect_channel_close, publish

SINGLE_ACTIVE = {'x-single-active-consumer': True}


@pytest.fixture
def orders(queue):
    return queue(arguments=SINGLE_ACTIVE)


@covers('queue.declare.arguments.x-single-active-consumer', 'basic.cancel', row='QUE-25')
def test_one_consumer_is_served_at_a_time(channel, orders):
    first, second = Inbox(channel, orders), Inbox(channel, orders)
    publish(channel, orders, b'1', b'2')
    assert first.wait(2).bodies == [b'1', b'2']
    assert second.settled() == []
    first.cancel()
    publish(channel, orders, b'3')
    assert second.wait(1).bodies == [b'3']


@covers('queue.declare.arguments.x-single-active-consumer', 'channel.close', row='QUE-25')
def test_handover_when_the_channel_closes(connection, channel, orders):
    active = connection.channel()
    Inbox(active, orders, auto_ack=False)
    publish(channel, orders, b'1')
    waiting = Inbox(channel, orders)
    active.close()
    assert waiting.wait(1).bodies == [b'1']


@covers('queue.declare.arguments.x-single-active-consumer', 'basic.consume.exclusive', row='QUE-25')
def test_exclusive_consume_is_refused(channel, orders):
    with expect_channel_close(channel, 403, f"ACCESS_REFUSED - queue '{orders}' in vhost '/' in exclusive use",
                              by='basic.consume'):
        Inbox(channel, orders, exclusive=True)


@covers('queue.declare.arguments.x-single-active-consumer', 'basic.get', row='QUE-25')
def test_get_is_allowed(channel, orders):
    publish(channel, orders, b'x')
    assert channel.basic_get(orders, auto_ack=True)[2] == b'x'


@covers('queue.declare.arguments.x-single-active-consumer', row='QUE-25')
def test_argument_of_a_wrong_type(channel, name):
    text = (f"PRECONDITION_FAILED - invalid arg 'x-single-active-consumer' for queue '{name()}' in vhost '/': "
            '{unacceptable_type,signedint}')
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(name(), arguments={'x-single-active-consumer': 1})
