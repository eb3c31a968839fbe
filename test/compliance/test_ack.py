"""basic.ack, nack, reject, recover and qos: who still owes an answer for what."""

import pytest
from pika import spec

from amqp import (Inbox, bodies_of, call, covers, expect_channel_close, expect_connection_close, publish, ready, send,
                  settle)


def unknown(tag):
    return f'PRECONDITION_FAILED - unknown delivery tag {tag}'


def take(channel, queue, count):
    """Gets messages without acknowledging them; returns their tags."""
    return [channel.basic_get(queue)[0].delivery_tag for _ in range(count)]


@pytest.fixture
def orders(channel, queue):
    """A queue that holds five messages."""
    name = queue()
    publish(channel, name, b'1', b'2', b'3', b'4', b'5')
    return name


@pytest.fixture
def left(connection, channel, orders):
    """What the queue holds once the channel is gone: all that was not settled for good."""

    def close_and_read():
        channel.close()
        return bodies_of(connection.channel(), orders)

    return close_and_read


@covers('basic.ack', 'basic.ack.delivery-tag')
def test_ack(channel, orders, left):
    _first, second, _third = take(channel, orders, 3)
    channel.basic_ack(second)
    assert left() == [b'1', b'3', b'4', b'5']


@covers('basic.ack.multiple')
def test_ack_multiple(channel, orders, left):
    tags = take(channel, orders, 4)
    channel.basic_ack(tags[2], multiple=True)
    assert left() == [b'4', b'5']


@covers('basic.ack.delivery-tag', 'basic.ack.multiple', row='BAS-20')
def test_ack_all(channel, orders, left):
    take(channel, orders, 4)
    channel.basic_ack(0, multiple=True)
    channel.basic_ack(0, multiple=True)
    assert left() == [b'5']


@covers('basic.ack.delivery-tag', 'basic.nack.delivery-tag', 'basic.reject.delivery-tag', row='BAS-20')
@pytest.mark.parametrize('by', ['basic.ack', 'basic.nack', 'basic.reject'])
@pytest.mark.parametrize('tag', [0, 99])
def test_unknown_tag(channel, by, tag):
    with expect_channel_close(channel, 406, unknown(tag), by=by):
        getattr(channel, by.replace('.', '_'))(tag)


@covers('basic.ack.delivery-tag', row='BAS-20')
def test_ack_twice(channel, orders):
    tag, = take(channel, orders, 1)
    channel.basic_ack(tag)
    with expect_channel_close(channel, 406, unknown(tag), by='basic.ack'):
        channel.basic_ack(tag)


@covers('basic.ack.multiple', row='BAS-20')
def test_ack_multiple_beyond_the_last(channel, orders):
    take(channel, orders, 2)
    with expect_channel_close(channel, 406, unknown(9), by='basic.ack'):
        channel.basic_ack(9, multiple=True)


@covers('basic.ack.delivery-tag', 'basic.deliver', row='BAS-20')
def test_ack_of_a_message_that_needs_none(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    tag = Inbox(channel, orders, auto_ack=True).wait(1).tags[0]
    with expect_channel_close(channel, 406, unknown(tag), by='basic.ack'):
        channel.basic_ack(tag)


@covers('basic.ack.delivery-tag', row='BAS-20')
def test_tags_belong_to_their_channel(connection, channel, orders):
    tag, = take(channel, orders, 1)
    other = connection.channel()
    with expect_channel_close(other, 406, unknown(tag), by='basic.ack'):
        other.basic_ack(tag)


@covers('basic.nack', 'basic.nack.requeue', 'basic.reject', 'basic.reject.requeue', row='BAS-22')
@pytest.mark.parametrize('by', ['nack', 'reject'])
def test_refuse_for_good(channel, orders, left, by):
    tag, = take(channel, orders, 1)
    {'nack': channel.basic_nack, 'reject': channel.basic_reject}[by](tag, requeue=False)
    assert left() == [b'2', b'3', b'4', b'5']


@covers('basic.nack.delivery-tag', 'basic.nack.multiple', row='BAS-22')
def test_nack_multiple(channel, orders, left):
    tags = take(channel, orders, 4)
    channel.basic_nack(tags[2], multiple=True, requeue=False)
    assert left() == [b'4', b'5']


@covers('basic.nack.delivery-tag', 'basic.nack.multiple', row='BAS-20')
def test_nack_all(channel, orders, left):
    take(channel, orders, 4)
    channel.basic_nack(0, multiple=True, requeue=False)
    assert left() == [b'5']


@covers('basic.nack.requeue', 'basic.reject.requeue', 'basic.get-ok.redelivered', row='BAS-21')
@pytest.mark.parametrize('by', ['nack', 'reject'])
def test_requeue_in_place(channel, orders, by):
    first, second, third = take(channel, orders, 3)
    requeue = {'nack': channel.basic_nack, 'reject': channel.basic_reject}[by]
    for tag in (second, first, third):
        requeue(tag, requeue=True)
    taken = [channel.basic_get(orders) for _ in range(5)]
    assert [body for _method, _properties, body in taken] == [b'1', b'2', b'3', b'4', b'5']
    assert [method.redelivered for method, _properties, _body in taken] == [True, True, True, False, False]


@covers('basic.nack.requeue', 'basic.deliver.redelivered', row='BAS-28')
def test_requeue_is_delivered_again(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    inbox = Inbox(channel, orders, auto_ack=False).wait(1)
    channel.basic_nack(inbox.tags[0])
    inbox.wait(2)
    assert (inbox.tags, inbox.redelivered) == ([1, 2], [False, True])


@covers('basic.recover', 'basic.recover-ok', 'basic.recover.requeue', row='BAS-23')
def test_recover(channel, queue, consume):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    inbox = consume(orders, auto_ack=False).wait(2)
    channel.basic_recover(requeue=True)
    inbox.wait(4)
    assert inbox.bodies == [b'1', b'2', b'1', b'2']
    assert inbox.redelivered == [False, False, True, True]


@covers('basic.recover', 'basic.recover-ok', row='BAS-23')
def test_recover_nothing(channel):
    channel.basic_recover(requeue=True)


@covers('basic.recover.requeue', row='BAS-23')
def test_recover_without_requeue(connection, channel):
    with expect_connection_close(connection, 540, 'NOT_IMPLEMENTED - requeue=false', by='basic.recover'):
        call(channel, spec.Basic.Recover(requeue=False), spec.Basic.RecoverOk)


@covers('basic.recover-async', 'basic.recover-async.requeue', row='BAS-23')
def test_recover_async(connection, channel, orders):
    take(channel, orders, 3)
    send(channel, spec.Basic.RecoverAsync(requeue=True))
    assert bodies_of(channel, orders) == [b'1', b'2', b'3', b'4', b'5']
    assert connection.methods(spec.Basic.RecoverOk) == []


@covers('basic.qos', 'basic.qos-ok', 'basic.qos.prefetch-count', row='BAS-25')
def test_prefetch(channel, orders, consume):
    channel.basic_qos(prefetch_count=2)
    inbox = consume(orders, auto_ack=False).wait(2)
    assert inbox.settled().bodies == [b'1', b'2']
    channel.basic_ack(inbox.tags[0])
    assert inbox.wait(3).settled().bodies == [b'1', b'2', b'3']
    channel.basic_ack(inbox.tags[2], multiple=True)
    assert inbox.wait(5).bodies == [b'1', b'2', b'3', b'4', b'5']


@covers('basic.qos.prefetch-count', row='BAS-25')
def test_prefetch_is_per_consumer(channel, orders, consume):
    channel.basic_qos(prefetch_count=1)
    first, second = consume(orders, auto_ack=False), consume(orders, auto_ack=False)
    first.wait(1)
    second.wait(1)
    assert settle(channel, orders).message_count == 3
    assert (len(first.settled()), len(second.settled())) == (1, 1)


@covers('basic.qos.prefetch-count', row='BAS-25')
def test_prefetch_is_for_later_consumers(channel, queue, consume):
    orders = queue()
    older = consume(orders, auto_ack=False)
    channel.basic_qos(prefetch_count=1)
    publish(channel, orders, b'1', b'2', b'3')
    assert older.wait(3).bodies == [b'1', b'2', b'3']


@covers('basic.qos.prefetch-count', 'basic.consume.no-ack', row='BAS-25')
def test_prefetch_does_not_bind_who_need_not_ack(channel, orders, consume):
    channel.basic_qos(prefetch_count=1)
    assert len(consume(orders, auto_ack=True).wait(5)) == 5


@covers('basic.qos.global', 'basic.qos.prefetch-count', row='BAS-26')
def test_global_prefetch_is_shared(channel, orders, consume):
    channel.basic_qos(prefetch_count=3, global_qos=True)
    first, second = consume(orders, auto_ack=False), consume(orders, auto_ack=False)
    channel.connection.wait_until(lambda: len(first) + len(second) == 3)
    first.settled()
    assert len(first) + len(second.settled()) == 3
    channel.basic_ack(first.tags[0])
    channel.connection.wait_until(lambda: len(first) + len(second) == 4)


@covers('basic.qos.global', row='BAS-26')
def test_both_prefetch_limits_hold(channel, orders, consume):
    channel.basic_qos(prefetch_count=1)
    channel.basic_qos(prefetch_count=3, global_qos=True)
    inbox = consume(orders, auto_ack=False).wait(1)
    assert inbox.settled().bodies == [b'1']


@covers('basic.qos.prefetch-size', row='BAS-24')
def test_prefetch_size(connection, channel):
    with expect_connection_close(connection, 540, 'NOT_IMPLEMENTED - prefetch_size!=0 (1)', by='basic.qos'):
        channel.basic_qos(prefetch_size=1)


@covers('basic.ack', 'queue.declare-ok.message-count')
def test_unacked_messages_do_not_count_as_ready(channel, orders):
    tags = take(channel, orders, 2)
    assert ready(channel, orders) == 3
    channel.basic_ack(tags[0])
    channel.basic_nack(tags[1])
    channel.connection.wait_until(lambda: ready(channel, orders) == 4)
