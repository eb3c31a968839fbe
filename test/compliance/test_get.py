"""basic.get."""

from pika import spec

from amqp import Inbox, covers, expect_channel_close, publish, ready


@covers('basic.get', 'basic.get-ok', 'basic.get.queue', 'basic.get-ok.delivery-tag', 'basic.get-ok.redelivered',
        'basic.get-ok.exchange', 'basic.get-ok.routing-key', 'basic.get-ok.message-count', row='BAS-19')
def test_get(channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2', message_id='m')
    method, properties, body = channel.basic_get(orders)
    assert (method.delivery_tag, method.redelivered, method.message_count) == (1, False, 1)
    assert (method.exchange, method.routing_key) == ('', orders)
    assert (properties.message_id, body) == ('m', b'1')
    assert channel.basic_get(orders)[0].message_count == 0


@covers('basic.get', 'basic.get-empty', row='BAS-19')
def test_get_empty(connection, channel, queue):
    assert channel.basic_get(queue()) == (None, None, None)
    assert len(connection.methods(spec.Basic.GetEmpty)) == 1


@covers('basic.get.queue')
def test_get_missing(channel, name):
    with expect_channel_close(channel, 404, f"NOT_FOUND - no queue '{name()}' in vhost '/'", by='basic.get'):
        channel.basic_get(name())


@covers('basic.get.no-ack')
def test_get_no_ack(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    reader = connection.channel()
    reader.basic_get(orders, auto_ack=True)
    reader.basic_get(orders, auto_ack=False)
    reader.close()
    assert ready(channel, orders) == 1


@covers('basic.get-ok.redelivered', 'basic.reject', row='BAS-28')
def test_get_redelivered(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    channel.basic_reject(channel.basic_get(orders)[0].delivery_tag)
    assert channel.basic_get(orders)[0].redelivered is True


@covers('basic.get', 'basic.qos.prefetch-count', row='BAS-25')
def test_get_ignores_the_prefetch(channel, queue):
    orders = queue()
    channel.basic_qos(prefetch_count=1)
    publish(channel, orders, b'1', b'2')
    assert [channel.basic_get(orders)[2] for _ in range(2)] == [b'1', b'2']


@covers('basic.get', 'basic.consume')
def test_get_beside_a_consumer_at_its_limit(channel, queue):
    orders = queue()
    channel.basic_qos(prefetch_count=1)
    publish(channel, orders, b'1', b'2')
    inbox = Inbox(channel, orders, auto_ack=False).wait(1)
    assert channel.basic_get(orders, auto_ack=True)[2] == b'2'
    assert inbox.bodies == [b'1']
