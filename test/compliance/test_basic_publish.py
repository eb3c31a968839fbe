"""basic.publish and basic.return: properties, bodies, CC and BCC, mandatory, immediate, refusals."""

import datetime
import decimal

import pika
import pytest
from pika import spec

from amqp import Inbox, bodies_of, covers, expect_channel_close, publish, ready, send, tabmq_differs

PROPERTIES = {
    'content_type': 'application/json', 'content_encoding': 'gzip', 'headers': {'k': 'v'}, 'delivery_mode': 2,
    'priority': 7, 'correlation_id': 'c-1', 'reply_to': 'answers', 'expiration': '100000', 'message_id': 'm-1',
    'timestamp': 1_700_000_000, 'type': 'order.created', 'user_id': 'guest', 'app_id': 'shop', 'cluster_id': 'cl'}

HEADERS = {
    'text': 'ünï', 'empty': '', 'true': True, 'false': False, 'zero': 0, 'negative': -1, 'long': 2 ** 31,
    'decimal': decimal.Decimal('12.34'), 'time': datetime.datetime(2020, 2, 29, 12, 30), 'void': None,
    'bytes': b'\0\xff', 'table': {'nested': {'deeper': [1, {'deepest': None}]}}, 'list': [1, 'two', [3]],
    'no items': [], 'no entries': {}}


@covers('basic.publish', 'basic.publish.exchange', 'basic.publish.routing-key', 'basic.properties.content-type',
        'basic.properties.content-encoding', 'basic.properties.headers', 'basic.properties.delivery-mode',
        'basic.properties.priority', 'basic.properties.correlation-id', 'basic.properties.reply-to',
        'basic.properties.expiration', 'basic.properties.message-id', 'basic.properties.timestamp',
        'basic.properties.type', 'basic.properties.user-id', 'basic.properties.app-id',
        'basic.properties.cluster-id', row='CON-37')
def test_every_property_arrives(channel, queue):
    orders = queue()
    publish(channel, orders, b'x', **PROPERTIES)
    assert vars(channel.basic_get(orders)[1]) == PROPERTIES


@covers('basic.properties.content-type', 'basic.properties.headers', 'basic.properties.delivery-mode', row='CON-37')
@pytest.mark.parametrize('field', PROPERTIES)
def test_each_property_alone(channel, queue, field):
    orders = queue()
    publish(channel, orders, b'x', **{field: PROPERTIES[field]})
    received = {key: value for key, value in vars(channel.basic_get(orders)[1]).items() if value is not None}
    assert received == {field: PROPERTIES[field]}


@covers('basic.properties.headers', row='CON-36')
def test_headers_of_every_kind(channel, queue):
    orders = queue()
    publish(channel, orders, b'x', headers=HEADERS)
    assert channel.basic_get(orders)[1].headers == HEADERS


@covers('basic.publish', 'basic.deliver', row='CON-24')
@pytest.mark.parametrize('size', [0, 1, 4087, 4088, 4089, 131_064, 131_065, 1_000_000])
def test_bodies_of_every_size(channel, queue, size):
    orders = queue()
    body = bytes(index % 251 for index in range(size))
    publish(channel, orders, body)
    assert channel.basic_get(orders, auto_ack=True)[2] == body


@covers('connection.tune-ok.frame-max', 'basic.deliver')
def test_large_body_in_small_frames(connect, channel, queue):
    orders = queue()
    narrow = connect(frame_max=4096)
    publish(channel, orders, b'x' * 100_000)
    inbox = Inbox(narrow.channel(), orders).wait(1)
    assert inbox.bodies == [b'x' * 100_000]
    fragments = [frame.fragment for frame in narrow.frames if isinstance(frame, pika.frame.Body)]
    assert max(map(len, fragments)) <= 4096 - 8
    publish(narrow.channel(), orders, b'y' * 100_000)
    assert inbox.wait(2).bodies[1] == b'y' * 100_000


@covers('basic.publish', row='BAS-29')
def test_order(channel, queue):
    orders = queue()
    for index in range(500):
        channel.basic_publish('', orders, str(index))
    assert [int(body) for body in bodies_of(channel, orders)] == list(range(500))


@covers('basic.publish.exchange', row='BAS-01')
def test_publish_to_a_missing_exchange(channel, name):
    with expect_channel_close(channel, 404, f"NOT_FOUND - no exchange '{name()}' in vhost '/'", by='basic.publish'):
        channel.basic_publish(name(), 'key', b'x')


@covers('basic.publish', row='CON-28')
def test_content_after_the_brokers_close_is_ignored(connection, channel, name, queue):
    orders = queue()
    send(channel, spec.Basic.Publish(exchange=name(), routing_key='key'), (pika.BasicProperties(), b'refused'))
    send(channel, spec.Basic.Publish(routing_key=orders), (pika.BasicProperties(), b'ignored'))
    connection.wait_for(spec.Channel.Close)
    assert bodies_of(connection.channel(), orders) == []


@covers('basic.publish.routing-key')
def test_unroutable_message_is_dropped(connection, channel, name):
    channel.basic_publish('', name(), b'x')
    channel.basic_publish('amq.direct', name(), b'x')
    channel.exchange_declare('amq.direct', passive=True)
    assert connection.methods(spec.Basic.Return) == []


@covers('basic.publish.mandatory', 'basic.return', 'basic.return.reply-code', 'basic.return.reply-text',
        'basic.return.exchange', 'basic.return.routing-key', row='BAS-02')
@pytest.mark.parametrize('exchange_name', ['', 'amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers'])
def test_mandatory_unroutable_is_returned(connection, channel, name, exchange_name):
    returned = []
    channel.add_on_return_callback(lambda _channel, *message: returned.append(message))
    channel.basic_publish(exchange_name, name(), b'body', pika.BasicProperties(message_id='m-1'), mandatory=True)
    connection.wait_until(lambda: returned)
    method, properties, body = returned[0]
    assert (method.reply_code, method.reply_text) == (312, 'NO_ROUTE')
    assert (method.exchange, method.routing_key) == (exchange_name, name())
    assert (properties.message_id, body) == ('m-1', b'body')


@covers('basic.publish.mandatory', row='BAS-02')
def test_mandatory_routable_is_not_returned(connection, channel, queue):
    orders = queue()
    channel.basic_publish('', orders, b'x', mandatory=True)
    assert bodies_of(channel, orders) == [b'x']
    assert connection.methods(spec.Basic.Return) == []


@covers('basic.properties.headers.CC', 'basic.properties.headers.BCC', row='BAS-04')
def test_carbon_copies(channel, queue):
    to, copy, blind = queue(), queue(), queue()
    publish(channel, to, b'x', headers={'CC': [copy, to], 'BCC': [blind], 'other': 1})
    for orders in (to, copy, blind):
        method, properties, body = channel.basic_get(orders, auto_ack=True)
        assert (body, method.routing_key) == (b'x', to)
        assert properties.headers == {'CC': [copy, to], 'other': 1}
        assert ready(channel, orders) == 0


@covers('basic.properties.headers.CC', 'basic.publish.mandatory', row='BAS-04')
def test_carbon_copy_counts_as_routed(connection, channel, queue, name):
    copy = queue()
    channel.basic_publish('', name('nowhere'), b'x', pika.BasicProperties(headers={'CC': [copy]}), mandatory=True)
    assert bodies_of(channel, copy) == [b'x']
    assert connection.methods(spec.Basic.Return) == []


@covers('basic.properties.headers.CC', 'basic.properties.headers.BCC', row='BAS-04')
@pytest.mark.parametrize('header', ['CC', 'BCC'])
def test_carbon_copy_of_a_wrong_type(channel, header):
    text = f'PRECONDITION_FAILED - invalid message: {{unacceptable_type_in_header,"{header}",longstr}}'
    with expect_channel_close(channel, 406, text, by='basic.publish'):
        channel.basic_publish('amq.direct', 'key', b'x', pika.BasicProperties(headers={header: 'text'}))


@covers('basic.properties.user-id', row='BAS-05')
def test_user_id_of_another(channel, queue):
    text = "PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'"
    with expect_channel_close(channel, 406, text, by='basic.publish'):
        channel.basic_publish('amq.direct', 'key', b'x', pika.BasicProperties(user_id='bob'))


@covers('basic.properties.expiration', row='QUE-15')
@pytest.mark.parametrize('expiration, reason', [
    ('abc', "'abc': no_integer"), ('-1', "'-1': {value_negative,-1}"), ('', "'': no_integer")])
def test_invalid_expiration(channel, expiration, reason):
    with expect_channel_close(channel, 406, f'PRECONDITION_FAILED - invalid expiration {reason}', by='basic.publish'):
        channel.basic_publish('amq.direct', 'key', b'x', pika.BasicProperties(expiration=expiration))


def publish_immediate(channel, routing_key, body, exchange='', mandatory=False):
    """pika dropped the flag when RabbitMQ did."""
    method = spec.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=mandatory, immediate=True)
    send(channel, method, (pika.BasicProperties(), body))


IMMEDIATE = 'RabbitMQ answers 540; TabMQ does what the specification says'


@covers('basic.publish.immediate', 'basic.return.reply-code', row='IMM-7')
@tabmq_differs(IMMEDIATE)
def test_immediate_without_a_consumer_is_returned(connection, channel, queue):
    orders = queue()
    publish_immediate(channel, orders, b'x')
    returned = connection.wait_for(spec.Basic.Return)
    assert (returned.reply_code, returned.reply_text, returned.routing_key) == (313, 'NO_CONSUMERS', orders)
    assert ready(channel, orders) == 0


@covers('basic.publish.immediate', row='IMM-7')
@tabmq_differs(IMMEDIATE)
def test_immediate_with_a_consumer_is_delivered(connection, channel, queue, consume):
    orders = queue()
    inbox = consume(orders)
    publish_immediate(channel, orders, b'x')
    assert inbox.wait(1).bodies == [b'x']
    assert connection.methods(spec.Basic.Return) == []


@covers('basic.publish.immediate', 'basic.publish.mandatory', row='IMM-3')
@tabmq_differs(IMMEDIATE)
@pytest.mark.parametrize('mandatory, code', [(False, 313), (True, 312)])
def test_immediate_unroutable(connection, channel, name, mandatory, code):
    publish_immediate(channel, name(), b'x', mandatory=mandatory)
    assert connection.wait_for(spec.Basic.Return).reply_code == code


@covers('basic.publish.immediate', row='IMM-7')
@tabmq_differs(IMMEDIATE)
def test_immediate_goes_only_to_queues_that_are_ready(connection, channel, exchange, bound_queue):
    news = exchange('fanout')
    served, idle = bound_queue(news), bound_queue(news)
    inbox = Inbox(channel, served)
    publish_immediate(channel, '', b'x', exchange=news)
    assert inbox.wait(1).bodies == [b'x']
    assert ready(channel, idle) == 0
    assert connection.methods(spec.Basic.Return) == []


@covers('basic.publish.immediate', 'basic.qos.prefetch-count', row='IMM-6')
@tabmq_differs(IMMEDIATE)
def test_immediate_with_a_busy_consumer_is_returned(connection, channel, queue, consume):
    orders = queue()
    channel.basic_qos(prefetch_count=1)
    inbox = consume(orders, auto_ack=False)
    publish_immediate(channel, orders, b'1')
    publish_immediate(channel, orders, b'2')
    assert connection.wait_for(spec.Basic.Return).reply_code == 313
    assert inbox.wait(1).bodies == [b'1']
    assert ready(channel, orders) == 0
