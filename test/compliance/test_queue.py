"""queue: declare, purge, delete, exclusivity and auto-delete."""

import re

import pytest
from pika import spec

from amqp import (Inbox, bodies_of, consumers, covers, expect_channel_close, publish, ready, send, settle)


def no_queue(name):
    return f"NOT_FOUND - no queue '{name}' in vhost '/'"


def locked(name):
    return (f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{name}' in vhost '/'. It could be "
            'originally declared on another connection or the exclusive property value does not match that of the '
            'original declaration.')


@covers('queue.declare', 'queue.declare-ok', 'queue.declare.queue', 'queue.declare-ok.queue',
        'queue.declare-ok.message-count', 'queue.declare-ok.consumer-count', row='QUE-04')
def test_declare(channel, name, cleanup):
    cleanup[0].append(name())
    declared = channel.queue_declare(name()).method
    assert (declared.queue, declared.message_count, declared.consumer_count) == (name(), 0, 0)


@covers('queue.declare-ok.message-count', 'queue.declare-ok.consumer-count', row='QUE-04')
def test_declare_counts_ready_messages_and_consumers(channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2', b'3')
    channel.basic_get(orders)
    declared = channel.queue_declare(orders).method
    assert (declared.message_count, declared.consumer_count) == (2, 0)
    Inbox(channel, orders)
    assert settle(channel, orders).consumer_count == 1


@covers('queue.declare.queue', 'queue.declare-ok.queue', row='QUE-01')
def test_declare_server_named(channel):
    first, second = [channel.queue_declare('', exclusive=True).method.queue for _ in range(2)]
    assert re.fullmatch(r'amq\.gen-[A-Za-z0-9_-]{22}', first)
    assert first != second


@covers('queue.declare.queue', row='QUE-02')
def test_declare_reserved_prefix(channel):
    with expect_channel_close(channel, 403, "ACCESS_REFUSED - queue name 'amq.foo' contains reserved prefix 'amq.*'",
                              by='queue.declare'):
        channel.queue_declare('amq.foo')


@covers('queue.declare.queue')
@pytest.mark.parametrize('suffix', ['with space', 'ünïcödé', 'a/b?c#d', 'x' * 200, "quote'd"])
def test_declare_any_name(channel, queue, suffix):
    orders = queue(suffix)
    publish(channel, orders, b'x')
    assert bodies_of(channel, orders) == [b'x']


@covers('queue.declare.passive', row='QUE-04')
def test_declare_passive(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    declared = channel.queue_declare(orders, passive=True).method
    assert (declared.queue, declared.message_count, declared.consumer_count) == (orders, 1, 0)


@covers('queue.declare.passive', row='QUE-04')
def test_declare_passive_missing(channel, name):
    with expect_channel_close(channel, 404, no_queue(name()), by='queue.declare'):
        channel.queue_declare(name(), passive=True)


@covers('queue.declare.passive', row='QUE-04')
def test_declare_passive_ignores_other_fields(channel, queue):
    channel.queue_declare(queue(), passive=True, durable=True, auto_delete=True, arguments={'x-max-length': 1})


@covers('queue.declare.no-wait')
def test_declare_no_wait(connection, channel, name):
    send(channel, spec.Queue.Declare(queue=name(), exclusive=True, nowait=True))
    publish(channel, name(), b'x')
    assert connection.methods(spec.Queue.DeclareOk) == []
    assert bodies_of(channel, name()) == [b'x']


@covers('queue.declare.durable', 'queue.declare.auto-delete', row='QUE-05')
@pytest.mark.parametrize('changes, argument', [({'durable': True}, 'durable'), ({'auto_delete': True}, 'auto_delete')],
                         ids=['durable', 'auto-delete'])
def test_redeclare_otherwise(channel, queue, changes, argument):
    orders = queue()
    text = (f"PRECONDITION_FAILED - inequivalent arg '{argument}' for queue '{orders}' in vhost '/': "
            f"received 'true' but current is 'false'")
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(orders, **changes)


@covers('queue.declare.exclusive', row='QUE-05')
def test_redeclare_exclusive(channel, queue):
    orders = queue()
    with expect_channel_close(channel, 405, locked(orders), by='queue.declare'):
        channel.queue_declare(orders, exclusive=True)


@covers('queue.declare.durable')
def test_declare_durable(channel, queue):
    orders = queue(durable=True)
    channel.queue_declare(orders, durable=True)
    publish(channel, orders, b'x', delivery_mode=2)
    assert bodies_of(channel, orders) == [b'x']


@covers('queue.declare.exclusive', row='QUE-06')
def test_exclusive_is_the_owners(channel, connection, name):
    channel.queue_declare(name(), exclusive=True)
    other = connection.channel()
    other.queue_declare(name(), exclusive=True)
    publish(other, name(), b'x')
    assert bodies_of(other, name()) == [b'x']


@covers('queue.declare.exclusive', row='QUE-06')
@pytest.mark.parametrize('by, operation', [
    ('queue.declare', lambda channel, name: channel.queue_declare(name)),
    ('queue.declare', lambda channel, name: channel.queue_declare(name, passive=True)),
    ('queue.bind', lambda channel, name: channel.queue_bind(name, 'amq.direct', 'key')),
    ('queue.purge', lambda channel, name: channel.queue_purge(name)),
    ('queue.delete', lambda channel, name: channel.queue_delete(name)),
    ('basic.get', lambda channel, name: channel.basic_get(name)),
    ('basic.consume', lambda channel, name: channel.basic_consume(name, lambda *_: None)),
], ids=['declare', 'declare passive', 'bind', 'purge', 'delete', 'get', 'consume'])
def test_exclusive_is_locked_for_others(channel, other_channel, name, by, operation):
    channel.queue_declare(name(), exclusive=True)
    with expect_channel_close(other_channel, 405, locked(name()), by=by):
        operation(other_channel, name())


@covers('queue.declare.exclusive', 'basic.publish', row='QUE-06')
def test_exclusive_takes_messages_from_others(channel, other_channel, name):
    channel.queue_declare(name(), exclusive=True)
    publish(other_channel, name(), b'x')
    assert bodies_of(channel, name()) == [b'x']


@covers('queue.declare.exclusive', 'connection.close', row='CON-31')
def test_exclusive_goes_with_its_connection(connect, channel, name):
    owner = connect()
    owner.channel().queue_declare(name(), exclusive=True)
    owner.close()
    with expect_channel_close(channel, 404, no_queue(name()), by='queue.declare'):
        channel.queue_declare(name(), passive=True)


@covers('queue.declare.exclusive', 'channel.close', row='QUE-06')
def test_exclusive_outlives_its_channel(connection, channel, name):
    declaring = connection.channel()
    declaring.queue_declare(name(), exclusive=True)
    declaring.close()
    channel.queue_declare(name(), passive=True)


@covers('queue.declare.auto-delete', 'basic.cancel', row='QUE-07')
def test_auto_delete_with_the_last_consumer(channel, queue, consume):
    orders = queue(auto_delete=True)
    first, second = consume(orders), consume(orders)
    first.cancel()
    assert settle(channel, orders).consumer_count == 1
    second.cancel()
    with expect_channel_close(channel, 404, no_queue(orders), by='queue.declare'):
        settle(channel, orders)


@covers('queue.declare.auto-delete', 'channel.close', row='QUE-07')
def test_auto_delete_with_the_consumers_channel(connection, channel, queue):
    orders = queue(auto_delete=True)
    consuming = connection.channel()
    Inbox(consuming, orders)
    consuming.close()
    with expect_channel_close(channel, 404, no_queue(orders), by='queue.declare'):
        channel.queue_declare(orders, passive=True)


@covers('queue.declare.auto-delete', row='QUE-07')
def test_auto_delete_needs_a_consumer_first(channel, queue):
    orders = queue(auto_delete=True)
    publish(channel, orders, b'x')
    assert bodies_of(channel, orders) == [b'x']
    channel.queue_declare(orders, passive=True)


@covers('queue.purge', 'queue.purge-ok', 'queue.purge.queue', 'queue.purge-ok.message-count', row='QUE-10')
def test_purge(channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2', b'3')
    assert channel.queue_purge(orders).method.message_count == 3
    assert channel.queue_purge(orders).method.message_count == 0
    assert ready(channel, orders) == 0


@covers('queue.purge', row='QUE-10')
def test_purge_leaves_unacked_messages(channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    method, _properties, _body = channel.basic_get(orders)
    assert channel.queue_purge(orders).method.message_count == 1
    channel.basic_nack(method.delivery_tag)
    assert bodies_of(channel, orders) == [b'1']


@covers('queue.purge.queue', row='QUE-10')
def test_purge_missing(channel, name):
    with expect_channel_close(channel, 404, no_queue(name()), by='queue.purge'):
        channel.queue_purge(name())


@covers('queue.purge.no-wait')
def test_purge_no_wait(connection, channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    send(channel, spec.Queue.Purge(queue=orders, nowait=True))
    assert bodies_of(channel, orders) == []
    assert connection.methods(spec.Queue.PurgeOk) == []


@covers('queue.delete', 'queue.delete-ok', 'queue.delete.queue', 'queue.delete-ok.message-count', row='QUE-11')
def test_delete(channel, queue):
    orders = queue()
    publish(channel, orders, b'1', b'2')
    assert channel.queue_delete(orders).method.message_count == 2
    with expect_channel_close(channel, 404, no_queue(orders), by='queue.declare'):
        channel.queue_declare(orders, passive=True)


@covers('queue.delete', row='TOP-7')
def test_delete_missing(channel, name):
    assert channel.queue_delete(name()).method.message_count == 0


@covers('queue.delete.if-empty', row='QUE-11')
def test_delete_if_empty(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    with expect_channel_close(channel, 406, f"PRECONDITION_FAILED - queue '{orders}' in vhost '/' not empty",
                              by='queue.delete'):
        channel.queue_delete(orders, if_empty=True)


@covers('queue.delete.if-unused', row='QUE-11')
def test_delete_if_unused(connection, channel, queue):
    orders = queue()
    Inbox(connection.channel(), orders)
    with expect_channel_close(channel, 406, f"PRECONDITION_FAILED - queue '{orders}' in vhost '/' in use",
                              by='queue.delete'):
        channel.queue_delete(orders, if_unused=True)


@covers('queue.delete.if-empty', 'queue.delete.if-unused', row='QUE-11')
def test_delete_if_empty_and_unused(channel, queue):
    orders = queue()
    channel.queue_delete(orders, if_empty=True, if_unused=True)
    with expect_channel_close(channel, 404, no_queue(orders), by='queue.declare'):
        channel.queue_declare(orders, passive=True)


@covers('queue.delete.no-wait')
def test_delete_no_wait(connection, channel, queue):
    orders = queue()
    send(channel, spec.Queue.Delete(queue=orders, nowait=True))
    with expect_channel_close(channel, 404, no_queue(orders), by='queue.declare'):
        channel.queue_declare(orders, passive=True)
    assert connection.methods(spec.Queue.DeleteOk) == []


@covers('queue.delete', 'queue.bind')
def test_delete_unbinds(connection, channel, queue):
    orders = queue()
    channel.queue_bind(orders, 'amq.direct', orders)
    channel.queue_delete(orders)
    channel.basic_publish('amq.direct', orders, b'x', mandatory=True)
    assert connection.wait_for(spec.Basic.Return).reply_code == 312
    channel.queue_declare(orders)
    publish(channel, orders, b'x', exchange='amq.direct')
    assert ready(channel, orders) == 0


@covers('queue.delete', 'basic.ack')
def test_acks_for_a_deleted_queue_are_fine(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    method, _properties, _body = channel.basic_get(orders)
    channel.queue_delete(orders)
    channel.basic_ack(method.delivery_tag)
    assert consumers(channel, queue()) == 0


@covers('queue.declare.queue', 'queue.bind.queue', 'queue.purge.queue', 'queue.unbind.queue', 'basic.get.queue',
        'basic.consume.queue', 'queue.delete.queue', row='QUE-03')
def test_empty_name_means_the_last_declared(connection, channel):
    orders = channel.queue_declare('', exclusive=True).method.queue
    channel.queue_bind('', 'amq.direct')
    publish(channel, orders, b'1', b'2', b'3', exchange='amq.direct')
    assert channel.basic_get('', auto_ack=True)[2] == b'1'
    channel.queue_unbind('', 'amq.direct', orders)
    assert Inbox(channel, '').wait(2).bodies == [b'2', b'3']
    assert channel.queue_purge('').method.message_count == 0
    channel.queue_delete('')
    with expect_channel_close(channel, 404, no_queue(orders), by='queue.declare'):
        channel.queue_declare(orders, passive=True)


@covers('queue.bind.queue', row='QUE-03')
def test_empty_name_with_none_declared(channel):
    with expect_channel_close(channel, 404, 'NOT_FOUND - no previously declared queue', by='queue.bind'):
        channel.queue_bind('', 'amq.direct', 'key')
