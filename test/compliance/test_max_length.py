"""x-max-length, x-max-length-bytes and x-overflow."""

import pika
import pytest

from amqp import Inbox, bodies_of, covers, publish, ready


def publish_unconfirmed(channel, queue, *bodies):
    """What a queue refuses must not be confirmed, so the publisher does not wait."""
    for body in bodies:
        channel.basic_publish('', queue, body)


@covers('queue.declare.arguments.x-max-length', row='QUE-16')
@pytest.mark.parametrize('limit, left', [(0, []), (1, [b'3']), (2, [b'2', b'3']), (3, [b'1', b'2', b'3'])])
def test_drop_head(channel, queue, limit, left):
    orders = queue(arguments={'x-max-length': limit})
    publish(channel, orders, b'1', b'2', b'3')
    assert bodies_of(channel, orders) == left


@covers('queue.declare.arguments.x-overflow', row='QUE-17')
@pytest.mark.parametrize('overflow, left', [
    ('drop-head', [b'2', b'3']), ('reject-publish', [b'1', b'2']), ('reject-publish-dlx', [b'1', b'2'])])
def test_overflow(channel, queue, overflow, left):
    orders = queue(arguments={'x-max-length': 2, 'x-overflow': overflow})
    publish_unconfirmed(channel, orders, b'1', b'2', b'3')
    assert bodies_of(channel, orders) == left


@covers('queue.declare.arguments.x-overflow', 'basic.nack', row='QUE-17')
@pytest.mark.parametrize('overflow', ['reject-publish', 'reject-publish-dlx'])
def test_refused_publish_is_nacked(channel, queue, overflow):
    orders = queue(arguments={'x-max-length': 1, 'x-overflow': overflow})
    publish(channel, orders, b'1')
    with pytest.raises(pika.exceptions.NackError):
        publish(channel, orders, b'2')


@covers('queue.declare.arguments.x-max-length-bytes', row='QUE-16')
def test_max_length_bytes(channel, queue):
    orders = queue(arguments={'x-max-length-bytes': 10})
    publish(channel, orders, b'aaaa', b'bbbb', b'cc')
    assert ready(channel, orders) == 3
    publish(channel, orders, b'd')
    assert bodies_of(channel, orders) == [b'bbbb', b'cc', b'd']


@covers('queue.declare.arguments.x-max-length-bytes', row='QUE-16')
def test_message_larger_than_the_limit(channel, queue):
    orders = queue(arguments={'x-max-length-bytes': 3})
    publish(channel, orders, b'abc', b'abcd')
    assert bodies_of(channel, orders) == []


@covers('queue.declare.arguments.x-max-length', row='QUE-16')
def test_only_ready_messages_count(channel, queue):
    orders = queue(arguments={'x-max-length': 1})
    publish(channel, orders, b'1')
    channel.basic_get(orders)
    publish(channel, orders, b'2')
    assert bodies_of(channel, orders) == [b'2']


@covers('queue.declare.arguments.x-max-length', 'basic.nack.requeue')
def test_requeue_over_the_limit_drops_the_head(channel, queue):
    orders = queue(arguments={'x-max-length': 1})
    publish(channel, orders, b'1')
    tag = channel.basic_get(orders)[0].delivery_tag
    publish(channel, orders, b'2')
    channel.basic_nack(tag, requeue=True)
    assert bodies_of(channel, orders) == [b'2']


@covers('queue.declare.arguments.x-max-length')
def test_consumers_come_before_the_limit(channel, queue):
    orders = queue(arguments={'x-max-length': 0})
    inbox = Inbox(channel, orders)
    publish(channel, orders, b'1', b'2')
    assert inbox.wait(2).bodies == [b'1', b'2']
