"""basic.consume, basic.deliver, basic.cancel: tags, exclusivity, priorities, dispatch, cancel notify."""

import socket

import pytest
from pika import spec
from pika.exceptions import StreamLostError

from amqp import (Inbox, covers, expect_channel_close, expect_connection_close, publish, ready, send, settle)


def consume_raw(channel, queue, tag, **bits):
    """Sends basic.consume with bits that pika's own method does not offer."""
    channel._impl._consumers[tag] = lambda *_: None
    channel._impl.add_callback(lambda _frame: None, [spec.Basic.ConsumeOk])
    send(channel, spec.Basic.Consume(queue=queue, consumer_tag=tag, **bits))


def in_exclusive_use(queue):
    return f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use"


@covers('basic.consume', 'basic.consume-ok', 'basic.deliver', 'basic.consume.queue', 'basic.deliver.consumer-tag',
        'basic.deliver.delivery-tag', 'basic.deliver.redelivered', 'basic.deliver.exchange',
        'basic.deliver.routing-key', row='BAS-18')
def test_consume(channel, queue, consume):
    orders = queue()
    channel.queue_bind(orders, 'amq.topic', f'{orders}.#')
    inbox = consume(orders)
    publish(channel, f'{orders}.new', b'1', b'2', exchange='amq.topic')
    inbox.wait(2)
    assert (inbox.bodies, inbox.tags, inbox.redelivered) == ([b'1', b'2'], [1, 2], [False, False])
    method = inbox[0][0]
    assert (method.consumer_tag, method.exchange, method.routing_key) == (inbox.tag, 'amq.topic', f'{orders}.new')


@covers('basic.consume', 'basic.deliver')
def test_consume_what_was_there_before(channel, queue, consume):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    assert consume(orders).wait(2).bodies == [b'1', b'2']


@covers('basic.consume.queue')
def test_consume_missing(channel, name):
    with expect_channel_close(channel, 404, f"NOT_FOUND - no queue '{name()}' in vhost '/'", by='basic.consume'):
        channel.basic_consume(name(), lambda *_: None)


@covers('basic.consume.consumer-tag', 'basic.consume-ok.consumer-tag', row='BAS-09')
def test_given_consumer_tag(connection, channel, queue):
    Inbox(channel, queue(), consumer_tag='my tag')
    assert connection.methods(spec.Basic.ConsumeOk)[0].consumer_tag == 'my tag'


@covers('basic.consume.consumer-tag', 'basic.consume-ok.consumer-tag', row='BAS-09')
def test_generated_consumer_tag(connection, channel, queue):
    consume_raw(channel, queue(), tag='')
    assert connection.wait_for(spec.Basic.ConsumeOk).consumer_tag.startswith('amq.ctag-')


@covers('basic.consume.consumer-tag', row='BAS-09')
def test_reused_consumer_tag(connection, channel, queue):
    orders = queue()
    Inbox(channel, orders, consumer_tag='t')
    with expect_connection_close(connection, 530, "NOT_ALLOWED - attempt to reuse consumer tag 't'",
                                 by='basic.consume'):
        send(channel, spec.Basic.Consume(queue=orders, consumer_tag='t'))


@covers('basic.consume.consumer-tag', row='BAS-09')
def test_same_consumer_tag_on_two_channels(connection, channel, queue):
    orders = queue()
    Inbox(channel, orders, consumer_tag='t')
    Inbox(connection.channel(), orders, consumer_tag='t')
    assert settle(channel, orders).consumer_count == 2


@covers('basic.consume.consumer-tag', 'basic.cancel')
def test_consumer_tag_is_free_after_cancel(channel, queue):
    orders = queue()
    Inbox(channel, orders, consumer_tag='t').cancel()
    publish(channel, orders, b'x')
    assert Inbox(channel, orders, consumer_tag='t').wait(1).bodies == [b'x']


@covers('basic.consume.no-ack')
def test_no_ack_needs_no_ack(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    reader = connection.channel()
    Inbox(reader, orders, auto_ack=True).wait(2)
    reader.close()
    assert ready(channel, orders) == 0


@covers('basic.consume.no-ack', row='CHN-03')
def test_unacked_messages_return_with_the_channel(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    reader = connection.channel()
    Inbox(reader, orders, auto_ack=False).wait(2)
    reader.close()
    inbox = Inbox(channel, orders).wait(2)
    assert (inbox.bodies, inbox.redelivered) == ([b'1', b'2'], [True, True])


@covers('basic.consume.no-ack', 'connection.close', row='CHN-03')
def test_unacked_messages_return_with_the_connection(connect, channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    reader = connect()
    Inbox(reader.channel(), orders, auto_ack=False).wait(2)
    reader._impl._transport._sock.shutdown(socket.SHUT_RDWR)
    assert Inbox(channel, orders).wait(2).bodies == [b'1', b'2']
    with pytest.raises(StreamLostError):
        reader.process_data_events(time_limit=None)


@covers('basic.consume.exclusive', row='BAS-10')
@pytest.mark.parametrize('first, second', [(True, False), (False, True), (True, True)])
def test_exclusive_consumer(channel, queue, first, second):
    orders = queue()
    Inbox(channel, orders, exclusive=first)
    with expect_channel_close(channel, 403, in_exclusive_use(orders), by='basic.consume'):
        Inbox(channel, orders, exclusive=second)


@covers('basic.consume.exclusive', row='BAS-10')
def test_exclusive_consumer_frees_the_queue(channel, queue):
    orders = queue()
    Inbox(channel, orders, exclusive=True).cancel()
    publish(channel, orders, b'x')
    assert Inbox(channel, orders).wait(1).bodies == [b'x']


@covers('basic.consume.no-local', row='BAS-11')
def test_no_local_is_ignored(connection, channel, queue):
    orders = queue()
    consume_raw(channel, orders, tag='t', no_local=True, no_ack=True)
    publish(channel, orders, b'x')
    assert connection.wait_for(spec.Basic.Deliver).routing_key == orders


@covers('basic.consume.no-wait')
def test_consume_no_wait(connection, channel, queue):
    orders = queue()
    consume_raw(channel, orders, tag='t', no_ack=True, nowait=True)
    publish(channel, orders, b'x')
    assert connection.wait_for(spec.Basic.Deliver).consumer_tag == 't'
    assert connection.methods(spec.Basic.ConsumeOk) == []


@covers('basic.consume-ok', 'basic.deliver', row='BAS-15')
def test_consume_ok_comes_before_the_first_delivery(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    Inbox(channel, orders).wait(1)
    kinds = [type(method) for method in connection.methods((spec.Basic.ConsumeOk, spec.Basic.Deliver))]
    assert kinds == [spec.Basic.ConsumeOk, spec.Basic.Deliver]


@covers('basic.cancel', 'basic.cancel-ok', 'basic.cancel.consumer-tag', 'basic.cancel-ok.consumer-tag', row='BAS-15')
def test_cancel(connection, channel, queue):
    orders = queue()
    inbox = Inbox(channel, orders)
    inbox.cancel()
    assert connection.methods(spec.Basic.CancelOk)[0].consumer_tag == inbox.tag
    publish(channel, orders, b'x')
    assert settle(channel, orders).consumer_count == 0
    assert (inbox, ready(channel, orders)) == ([], 1)


@covers('basic.cancel', row='BAS-17')
def test_cancel_unknown(connection, channel):
    channel._impl.add_callback(lambda _frame: None, [spec.Basic.CancelOk])
    send(channel, spec.Basic.Cancel(consumer_tag='nobody'))
    assert connection.wait_for(spec.Basic.CancelOk).consumer_tag == 'nobody'


@covers('basic.cancel', 'basic.ack', row='BAS-17')
def test_cancel_leaves_messages_unacked(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    consume_raw(channel, orders, tag='t', nowait=True)
    delivered = connection.wait_for(spec.Basic.Deliver)
    send(channel, spec.Basic.Cancel(consumer_tag='t', nowait=True))
    assert settle(channel, orders).message_count == 0
    channel.basic_ack(delivered.delivery_tag)
    channel.close()
    assert ready(connection.channel(), orders) == 0


@covers('basic.cancel.no-wait')
def test_cancel_no_wait(connection, channel, queue):
    orders = queue()
    inbox = Inbox(channel, orders)
    send(channel, spec.Basic.Cancel(consumer_tag=inbox.tag, nowait=True))
    assert settle(channel, orders).consumer_count == 0
    assert connection.methods(spec.Basic.CancelOk) == []


@covers('basic.deliver', row='BAS-14')
def test_round_robin(channel, queue):
    orders = queue()
    first, second, third = [Inbox(channel, orders) for _ in range(3)]
    publish(channel, orders, *[str(index).encode() for index in range(6)])
    assert [inbox.wait(2).bodies for inbox in (first, second, third)] == [[b'0', b'3'], [b'1', b'4'], [b'2', b'5']]


@covers('basic.deliver.delivery-tag', 'basic.get-ok.delivery-tag', row='BAS-18')
def test_one_sequence_of_delivery_tags_a_channel(connection, channel, queue):
    orders, invoices = queue(), queue()
    publish(channel, orders, b'1')
    publish(channel, invoices, b'2', b'3')
    tags = Inbox(channel, orders).wait(1).tags
    tags += [channel.basic_get(invoices)[0].delivery_tag for _ in range(2)]
    assert tags == [1, 2, 3]
    other = connection.channel()
    publish(channel, invoices, b'4')
    assert other.basic_get(invoices)[0].delivery_tag == 1


@covers('basic.consume.arguments.x-priority', row='BAS-14')
def test_consumer_priority(channel, queue):
    orders = queue()
    channel.basic_qos(prefetch_count=2)
    low = Inbox(channel, orders, auto_ack=False, arguments={'x-priority': -5})
    high = Inbox(channel, orders, auto_ack=False, arguments={'x-priority': 10})
    plain = Inbox(channel, orders, auto_ack=False)
    publish(channel, orders, *[str(index).encode() for index in range(5)])
    assert high.wait(2).bodies == [b'0', b'1']
    assert plain.wait(2).bodies == [b'2', b'3']
    assert low.wait(1).bodies == [b'4']


@covers('basic.consume.arguments.x-priority', row='BAS-12')
def test_consumer_priority_of_a_wrong_type(channel, queue):
    orders = queue()
    text = (f"PRECONDITION_FAILED - invalid arg 'x-priority' for queue '{orders}' in vhost '/': "
            '"expected integer, got longstr"')
    with expect_channel_close(channel, 406, text, by='basic.consume'):
        Inbox(channel, orders, arguments={'x-priority': 'high'})


@covers('basic.consume.arguments')
def test_unknown_consumer_arguments_are_accepted(channel, queue, consume):
    orders = queue()
    publish(channel, orders, b'x')
    assert consume(orders, arguments={'x-unheard-of': {'of': [1]}}).wait(1).bodies == [b'x']


@covers('basic.cancel', 'basic.cancel.consumer-tag', 'basic.cancel.no-wait', 'queue.delete', row='BAS-16')
def test_cancel_notify(connection, channel, queue, consume):
    orders = queue()
    inbox = consume(orders)
    connection.channel().queue_delete(orders)
    notice = connection.wait_for(spec.Basic.Cancel)
    assert (notice.consumer_tag, notice.nowait) == (inbox.tag, True)


@covers('connection.start-ok.client-properties', 'basic.cancel', row='CON-05')
def test_no_cancel_notify_without_the_capability(connect, channel, queue):
    orders = queue()
    plain = connect(client_properties={'capabilities': {'consumer_cancel_notify': False}})
    plain_channel = plain.channel()
    Inbox(plain_channel, orders)
    channel.queue_delete(orders)
    plain_channel.exchange_declare('amq.direct', passive=True)
    assert plain.methods(spec.Basic.Cancel) == []
