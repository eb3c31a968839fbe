"""queue.bind and queue.unbind."""

import pytest
from pika import spec

from amqp import bodies_of, covers, expect_channel_close, publish, send


@covers('queue.bind', 'queue.bind-ok', 'queue.bind.queue', 'queue.bind.exchange', 'queue.bind.routing-key',
        row='QUE-08')
def test_bind(channel, queue, exchange):
    orders, prices = queue(), exchange('direct')
    channel.queue_bind(orders, prices, 'gold')
    publish(channel, 'gold', b'1', exchange=prices)
    publish(channel, 'silver', b'2', exchange=prices)
    assert bodies_of(channel, orders) == [b'1']


@covers('queue.bind', row='QUE-08')
def test_binding_twice_is_one_binding(channel, exchange, bound_queue):
    prices = exchange('direct')
    orders = bound_queue(prices, 'gold')
    channel.queue_bind(orders, prices, 'gold')
    channel.queue_unbind(orders, prices, 'gold')
    publish(channel, 'gold', b'x', exchange=prices)
    assert bodies_of(channel, orders) == []


@covers('queue.bind.arguments', 'queue.unbind.arguments', row='QUE-08')
def test_bindings_differ_by_arguments(channel, exchange, bound_queue):
    prices = exchange('direct')
    orders = bound_queue(prices, 'gold', {'note': 'first', 'order': 1})
    channel.queue_bind(orders, prices, 'gold', {'note': 'second'})
    channel.queue_unbind(orders, prices, 'gold', {'order': 1, 'note': 'first'})
    publish(channel, 'gold', b'x', exchange=prices)
    assert bodies_of(channel, orders) == [b'x']
    channel.queue_unbind(orders, prices, 'gold', {'note': 'second'})
    publish(channel, 'gold', b'y', exchange=prices)
    assert bodies_of(channel, orders) == []


@covers('queue.bind.no-wait')
def test_bind_no_wait(connection, channel, queue, exchange):
    orders, prices = queue(), exchange('fanout')
    send(channel, spec.Queue.Bind(queue=orders, exchange=prices, nowait=True))
    channel.basic_publish(prices, '', b'x')
    assert bodies_of(channel, orders) == [b'x']
    assert connection.methods(spec.Queue.BindOk) == []


@covers('queue.bind.queue', row='QUE-08')
def test_bind_missing_queue(channel, name):
    with expect_channel_close(channel, 404, f"NOT_FOUND - no queue '{name()}' in vhost '/'", by='queue.bind'):
        channel.queue_bind(name(), 'amq.direct', 'key')


@covers('queue.bind.exchange', row='QUE-08')
def test_bind_missing_exchange(channel, queue, name):
    orders = queue()
    with expect_channel_close(channel, 404, f"NOT_FOUND - no exchange '{name()}' in vhost '/'", by='queue.bind'):
        channel.queue_bind(orders, name(), 'key')


@covers('queue.bind.exchange', row='QUE-08')
def test_bind_to_the_default_exchange(channel, queue):
    orders = queue()
    with expect_channel_close(channel, 403, 'ACCESS_REFUSED - operation not permitted on the default exchange',
                              by='queue.bind'):
        channel.queue_bind(orders, '', 'key')


@covers('queue.unbind', 'queue.unbind-ok', 'queue.unbind.queue', 'queue.unbind.exchange', 'queue.unbind.routing-key',
        row='QUE-09')
def test_unbind(channel, exchange, bound_queue):
    prices = exchange('direct')
    orders = bound_queue(prices, 'gold')
    channel.queue_bind(orders, prices, 'silver')
    channel.queue_unbind(orders, prices, 'gold')
    publish(channel, 'gold', b'1', exchange=prices)
    publish(channel, 'silver', b'2', exchange=prices)
    assert bodies_of(channel, orders) == [b'2']


@covers('queue.unbind', row='QUE-09')
@pytest.mark.parametrize('missing', ['binding', 'queue', 'exchange'])
def test_unbind_missing(channel, queue, exchange, name, missing):
    orders = name('missing') if missing == 'queue' else queue()
    prices = name('missing') if missing == 'exchange' else exchange()
    channel.queue_unbind(orders, prices, 'never bound')


@covers('queue.unbind', 'exchange.declare.type')
@pytest.mark.parametrize('exchange_type', ['direct', 'fanout', 'topic', 'headers'])
def test_unbind_from_every_type(channel, exchange, bound_queue, exchange_type):
    prices = exchange(exchange_type)
    orders = bound_queue(prices, 'gold')
    publish(channel, 'gold', b'bound', exchange=prices)
    channel.queue_unbind(orders, prices, 'gold')
    publish(channel, 'gold', b'unbound', exchange=prices)
    assert bodies_of(channel, orders) == [b'bound']
