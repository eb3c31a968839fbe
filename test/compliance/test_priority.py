"""x-max-priority and the priority property."""

import pytest

from amqp import Inbox, bodies_of, covers, expect_channel_close, publish, ready


def publish_with_priorities(channel, queue, *priorities):
    for index, priority in enumerate(priorities):
        publish(channel, queue, f'{priority}#{index}'.encode(), priority=priority)


@covers('queue.declare.arguments.x-max-priority', 'basic.properties.priority', row='QUE-24')
def test_higher_first_and_in_order_within(channel, queue):
    orders = queue(arguments={'x-max-priority': 5})
    publish_with_priorities(channel, orders, 0, 3, 9, None, 5, 3)
    assert bodies_of(channel, orders) == [b'9#2', b'5#4', b'3#1', b'3#5', b'0#0', b'None#3']


@covers('basic.properties.priority', row='QUE-24')
def test_no_priorities_without_the_argument(channel, queue):
    orders = queue()
    publish_with_priorities(channel, orders, 0, 9, 5)
    assert bodies_of(channel, orders) == [b'0#0', b'9#1', b'5#2']


@covers('queue.declare.arguments.x-max-priority', row='QUE-24')
@pytest.mark.parametrize('value, reason', [
    (256, '{max_value_exceeded,256}'), (-1, '{value_negative,-1}'), ('a', '"expected integer, got longstr"')])
def test_invalid(channel, name, value, reason):
    text = f"PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue '{name()}' in vhost '/': {reason}"
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(name(), arguments={'x-max-priority': value})


@covers('queue.declare.arguments.x-max-priority', 'basic.nack.requeue')
def test_requeue_keeps_priority_and_place(channel, queue):
    orders = queue(arguments={'x-max-priority': 5})
    publish_with_priorities(channel, orders, 1, 3, 3)
    taken = [channel.basic_get(orders)[0].delivery_tag for _ in range(2)]
    for tag in reversed(taken):
        channel.basic_nack(tag)
    assert bodies_of(channel, orders) == [b'3#1', b'3#2', b'1#0']


@covers('queue.declare.arguments.x-max-priority', 'queue.declare.arguments.x-max-length')
def test_overflow_drops_the_head_whatever_its_priority(channel, queue):
    orders = queue(arguments={'x-max-priority': 5, 'x-max-length': 2})
    publish_with_priorities(channel, orders, 5, 1, 3)
    assert bodies_of(channel, orders) == [b'3#2', b'1#1']


@covers('queue.declare.arguments.x-max-priority', 'queue.purge', 'queue.declare-ok.message-count')
def test_counts_and_purge_see_every_priority(channel, queue):
    orders = queue(arguments={'x-max-priority': 5})
    publish_with_priorities(channel, orders, 0, 5, 3)
    assert ready(channel, orders) == 3
    assert channel.queue_purge(orders).method.message_count == 3


@covers('queue.declare.arguments.x-max-priority', 'basic.deliver')
def test_consumer_gets_the_highest_first(channel, queue):
    orders = queue(arguments={'x-max-priority': 10})
    publish_with_priorities(channel, orders, 1, 10, 5)
    assert Inbox(channel, orders).wait(3).bodies == [b'10#1', b'5#2', b'1#0']
