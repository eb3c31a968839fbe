"""channel: open, close, flow, and the errors that end one."""

import pytest
from pika import spec
from pika.exceptions import ChannelClosedByBroker

from amqp import (Inbox, assert_close, call, covers, expect_channel_close, expect_connection_close, publish,
                  ready, send, settle, tabmq_differs)


@covers('channel.open', 'channel.open-ok', row='CHN-01')
def test_open(connection, channel):
    assert channel.is_open
    assert len(connection.methods(spec.Channel.OpenOk, channel.channel_number)) == 1


@covers('channel.open', row='CHN-01')
def test_open_by_number(connection):
    assert connection.channel(7).channel_number == 7
    assert connection.channel(2000).channel_number == 2000


@covers('channel.open', 'connection.close', row='CON-25')
def test_open_twice(connection, channel):
    with expect_connection_close(connection, 504, "CHANNEL_ERROR - second 'channel.open' seen", by='channel.open'):
        send(channel, spec.Channel.Open())


@covers('queue.declare', 'connection.close', row='CON-25')
def test_method_on_a_channel_never_opened(connection):
    with expect_connection_close(connection, 504, "CHANNEL_ERROR - expected 'channel.open'", by='queue.declare'):
        connection._impl._send_method(5, spec.Queue.Declare(queue='nope'))


@covers('channel.close', 'channel.close.reply-code', 'channel.close.reply-text', 'channel.close-ok', row='CHN-03')
def test_close(connection, channel):
    number = channel.channel_number
    channel.close(200, 'good bye')
    assert channel.is_closed
    assert len(connection.methods(spec.Channel.CloseOk, number)) == 1


@covers('channel.close', 'channel.open', row='CHN-03')
def test_reopen_after_close(connection):
    for _ in range(3):
        channel = connection.channel(1)
        channel.exchange_declare('amq.direct', passive=True)
        channel.close()


@covers('channel.close', 'channel.close-ok', 'channel.open', row='CON-28')
def test_reopen_after_close_by_the_broker(connection):
    channel = connection.channel(1)
    with expect_channel_close(channel, 404, "NOT_FOUND - no queue 'nope' in vhost '/'", by='queue.declare'):
        channel.queue_declare('nope', passive=True)
    connection.channel(1).exchange_declare('amq.direct', passive=True)


@covers('channel.close', 'channel.close.reply-code', 'channel.close.reply-text', 'channel.close.class-id',
        'channel.close.method-id', row='CON-30')
def test_close_by_the_broker_names_the_method(connection, channel):
    with expect_channel_close(channel, 404, "NOT_FOUND - no exchange 'nope' in vhost '/'", by='exchange.declare'):
        channel.exchange_declare('nope', passive=True)
    close = connection.methods(spec.Channel.Close)[0]
    assert_close(close, 404, "NOT_FOUND - no exchange 'nope' in vhost '/'", by='exchange.declare')


@covers('channel.close', 'queue.declare', row='CON-28')
def test_methods_after_the_brokers_close_are_ignored(connection, channel, name):
    send(channel, spec.Queue.Declare(queue=name('missing'), passive=True))
    send(channel, spec.Queue.Declare(queue=name('ignored'), exclusive=True))
    connection.wait_for(spec.Channel.Close, channel.channel_number)
    other = connection.channel()
    missing = f"NOT_FOUND - no queue '{name('ignored')}' in vhost '/'"
    with expect_channel_close(other, 404, missing, by='queue.declare'):
        other.queue_declare(name('ignored'), passive=True)


@covers('channel.close', row='CON-30')
def test_reply_text_is_cut_to_255_octets(connection, channel):
    long_name = 'n' * 255
    with pytest.raises(ChannelClosedByBroker):
        channel.queue_declare(long_name, passive=True)
    assert len(connection.methods(spec.Channel.Close)[0].reply_text) == 255


@covers('channel.close', row='CHN-03')
def test_close_requeues_in_place(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2', b'3')
    reader = connection.channel()
    for _ in range(2):
        reader.basic_get(orders)
    assert ready(channel, orders) == 1
    reader.close()
    taken = [channel.basic_get(orders, auto_ack=True) for _ in range(3)]
    assert [body for _method, _properties, body in taken] == [b'1', b'2', b'3']
    assert [method.redelivered for method, _properties, _body in taken] == [True, True, False]


@covers('channel.close', row='CHN-03')
def test_close_removes_consumers(connection, channel, queue):
    orders = queue()
    reader = connection.channel()
    Inbox(reader, orders)
    assert settle(channel, orders).consumer_count == 1
    reader.close()
    assert settle(channel, orders).consumer_count == 0


@covers('channel.flow', 'channel.flow.active', 'channel.flow-ok', 'channel.flow-ok.active', row='CHN-02')
def test_flow_on(channel):
    assert call(channel, spec.Channel.Flow(active=True), spec.Channel.FlowOk).active is True


@covers('channel.flow.active', 'channel.flow-ok.active', row='CHN-02')
@tabmq_differs('RabbitMQ answers 540; TabMQ pauses the deliveries of the channel')
def test_flow_off_pauses_deliveries(channel, queue, consume):
    orders = queue()
    inbox = consume(orders)
    assert call(channel, spec.Channel.Flow(active=False), spec.Channel.FlowOk).active is False
    publish(channel, orders, b'1', b'2')
    assert inbox.settled() == []
    assert ready(channel, orders) == 2
    assert call(channel, spec.Channel.Flow(active=True), spec.Channel.FlowOk).active is True
    assert inbox.wait(2).bodies == [b'1', b'2']


@covers('channel.flow.active', row='CHN-02')
@tabmq_differs('RabbitMQ answers 540; TabMQ pauses the deliveries of the channel')
def test_flow_off_leaves_other_channels_alone(connection, channel, queue):
    orders = queue()
    flowing = Inbox(connection.channel(), orders)
    paused = Inbox(channel, orders)
    call(channel, spec.Channel.Flow(active=False), spec.Channel.FlowOk)
    publish(channel, orders, b'1', b'2', b'3')
    assert flowing.wait(3).bodies == [b'1', b'2', b'3']
    assert paused == []


@covers('channel.open')
def test_many_channels(connection):
    channels = [connection.channel() for _ in range(100)]
    for channel in channels:
        channel.exchange_declare('amq.direct', passive=True)


@covers('queue.declare', row='CON-29')
def test_pipelining(connection, channel, name):
    for index in range(50):
        send(channel, spec.Queue.Declare(queue=name(str(index)), exclusive=True))
        channel._impl.add_callback(lambda _frame: None, [spec.Queue.DeclareOk])
    connection.wait_until(lambda: len(connection.methods(spec.Queue.DeclareOk)) == 50)
    assert [ok.queue for ok in connection.methods(spec.Queue.DeclareOk)] == [name(str(i)) for i in range(50)]
