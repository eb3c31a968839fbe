"""time: message TTL, expiration, and queues that expire."""

import pytest
from pika import spec

from amqp import Inbox, bodies_of, covers, publish, ready


@pytest.fixture
def graveyard(queue):
    return queue('graveyard')


@pytest.fixture
def mortal(queue, graveyard):
    """Declares a queue with arguments; what expires there lands in the graveyard."""
    to_graveyard = {'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': graveyard}
    return lambda **arguments: queue(arguments={**to_graveyard, **arguments})


@covers('queue.declare.arguments.x-message-ttl', row='QUE-14')
def test_queue_ttl(channel, mortal, graveyard):
    orders = mortal(**{'x-message-ttl': 30})
    publish(channel, orders, b'1', b'2')
    assert Inbox(channel, graveyard).wait(2).bodies == [b'1', b'2']
    assert bodies_of(channel, orders) == []


@covers('basic.properties.expiration', row='QUE-14')
def test_message_expiration(channel, mortal, graveyard):
    orders = mortal()
    publish(channel, orders, b'mortal', expiration='30')
    publish(channel, orders, b'immortal')
    assert Inbox(channel, graveyard).wait(1).bodies == [b'mortal']
    assert bodies_of(channel, orders) == [b'immortal']


@covers('queue.declare.arguments.x-message-ttl', 'basic.properties.expiration', row='QUE-14')
@pytest.mark.parametrize('queue_ttl, expiration', [(20, '60000'), (60000, '20')])
def test_the_shorter_ttl_wins(channel, mortal, graveyard, queue_ttl, expiration):
    publish(channel, mortal(**{'x-message-ttl': queue_ttl}), b'x', expiration=expiration)
    assert Inbox(channel, graveyard).wait(1).bodies == [b'x']


@covers('basic.properties.expiration', row='QUE-14')
def test_expiry_is_at_the_head_only(channel, mortal, graveyard):
    orders = mortal()
    publish(channel, orders, b'old', expiration='60000')
    publish(channel, orders, b'behind', expiration='1')
    control = mortal()
    publish(channel, control, b'later', expiration='50')
    inbox = Inbox(channel, graveyard).wait(1)
    assert inbox.bodies == [b'later']
    assert ready(channel, orders) == 2
    assert channel.basic_get(orders, auto_ack=True)[2] == b'old'
    assert inbox.wait(2).bodies == [b'later', b'behind']


@covers('queue.declare.arguments.x-message-ttl', row='QUE-14')
def test_ttl_zero_without_a_consumer(channel, mortal, graveyard):
    orders = mortal(**{'x-message-ttl': 0})
    publish(channel, orders, b'x')
    assert Inbox(channel, graveyard).wait(1).bodies == [b'x']
    assert bodies_of(channel, orders) == []


@covers('queue.declare.arguments.x-message-ttl', 'basic.properties.expiration', row='QUE-14')
def test_ttl_zero_with_a_consumer(channel, mortal, graveyard):
    orders = mortal(**{'x-message-ttl': 0})
    inbox = Inbox(channel, orders)
    publish(channel, orders, b'x')
    publish(channel, orders, b'y', expiration='0')
    assert inbox.wait(2).bodies == [b'x', b'y']
    assert ready(channel, graveyard) == 0


@covers('queue.declare.arguments.x-message-ttl')
def test_unacked_messages_do_not_expire(channel, mortal, graveyard):
    orders = mortal(**{'x-message-ttl': 30})
    publish(channel, orders, b'held')
    tag = channel.basic_get(orders)[0].delivery_tag
    publish(channel, orders, b'waiting')
    inbox = Inbox(channel, graveyard).wait(1)
    assert inbox.bodies == [b'waiting']
    channel.basic_nack(tag, requeue=True)
    assert inbox.wait(2).bodies == [b'waiting', b'held']


def is_routable(channel, queue):
    """Whether a queue exists, asked without touching it: declaring would reset its expiry."""
    connection = channel.connection
    before = len(connection.methods(spec.Basic.Return))
    channel.basic_publish('', queue, b'x', mandatory=True)
    channel.exchange_declare('amq.direct', passive=True)
    return len(connection.methods(spec.Basic.Return)) == before


@covers('queue.declare.arguments.x-expires', row='QUE-13')
def test_unused_queue_expires(channel, queue):
    orders = queue(arguments={'x-expires': 50})
    channel.connection.wait_until(lambda: not is_routable(channel, orders))


@covers('queue.declare.arguments.x-expires', row='QUE-13')
def test_consumed_queue_does_not_expire(channel, queue):
    consumed, control = [queue(arguments={'x-expires': 100}) for _ in range(2)]
    inbox = Inbox(channel, consumed)
    channel.connection.wait_until(lambda: not is_routable(channel, control))
    assert is_routable(channel, consumed)
    inbox.cancel()
    channel.connection.wait_until(lambda: not is_routable(channel, consumed))
