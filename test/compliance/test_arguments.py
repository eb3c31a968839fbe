"""queue.declare.arguments: which are checked, how they are compared, and what each queue type takes."""

import pytest

from amqp import Inbox, bodies_of, covers, expect_channel_close, expect_connection_close, publish


def invalid(name, argument, reason):
    return f"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{name}' in vhost '/': {reason}"


@covers('queue.declare.arguments', row='QUE-35')
@pytest.mark.parametrize('argument, value, reason', [
    ('x-expires', 0, '{value_zero,0}'),
    ('x-expires', -1, '{value_negative,-1}'),
    ('x-expires', 400_000_000_000, '{value_too_large,400000000000}'),
    ('x-expires', 'a', '"expected integer, got longstr"'),
    ('x-message-ttl', -1, '{value_negative,-1}'),
    ('x-message-ttl', 'a', '"expected integer, got longstr"'),
    ('x-max-length', -1, '{value_negative,-1}'),
    ('x-max-length', True, '"expected integer, got bool"'),
    ('x-max-length-bytes', -1, '{value_negative,-1}'),
    ('x-overflow', 'nope', 'invalid_overflow'),
    ('x-queue-type', 'nope', '"unsupported queue type \'nope\'"'),
    ('x-queue-mode', 'nope', '"unsupported queue mode \'nope\'"'),
])
def test_invalid(channel, name, argument, value, reason):
    with expect_channel_close(channel, 406, invalid(name(), argument, reason), by='queue.declare'):
        channel.queue_declare(name(), arguments={argument: value})


@covers('queue.declare.arguments.x-dead-letter-exchange', row='QUE-18')
def test_dead_letter_exchange_of_a_wrong_type(channel, name):
    text = (f"PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' "
            f"in queue '{name()}' in vhost '/'")
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(name(), arguments={'x-dead-letter-exchange': 5})


@covers('queue.declare.arguments', row='TOP-8')
def test_unknown_arguments_are_accepted(channel, queue):
    orders = queue(arguments={'x-unheard-of': {'of': [1, None]}, 'plain': True})
    publish(channel, orders, b'x')
    assert bodies_of(channel, orders) == [b'x']


@covers('queue.declare.arguments', row='QUE-05')
@pytest.mark.parametrize('before, after, detail', [
    ({'x-max-length': 5}, {'x-max-length': 6}, "received '6' but current is '5'"),
    ({'x-max-length': 5}, {}, "received none but current is the value '5' of type 'signedint'"),
    ({}, {'x-max-length': 5}, "received the value '5' of type 'signedint' but current is none"),
], ids=['other', 'absent', 'new'])
def test_redeclare_otherwise(channel, queue, before, after, detail):
    orders = queue(arguments=before)
    text = f"PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '{orders}' in vhost '/': {detail}"
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(orders, arguments=after)


@covers('queue.declare.arguments', row='QUE-05')
def test_redeclare_alike(channel, queue):
    orders = queue(arguments={'x-max-length': 5, 'x-queue-type': 'classic', 'x-unheard-of': 1})
    channel.queue_declare(orders, arguments={'x-max-length': 5, 'x-unheard-of': 2})


@covers('queue.declare.arguments.x-queue-mode', row='QUE-27')
@pytest.mark.parametrize('mode', ['default', 'lazy'])
def test_queue_modes(channel, queue, mode):
    orders = queue(arguments={'x-queue-mode': mode})
    publish(channel, orders, b'x')
    assert bodies_of(channel, orders) == [b'x']


@covers('queue.declare.arguments.x-queue-type', row='QUE-26')
def test_quorum_queue(channel, queue):
    orders = queue(durable=True, arguments={'x-queue-type': 'quorum'})
    publish(channel, orders, b'1', b'2', delivery_mode=2)
    inbox = Inbox(channel, orders, auto_ack=False).wait(2)
    assert inbox.bodies == [b'1', b'2']
    channel.basic_ack(inbox.tags[1], multiple=True)


@covers('queue.declare.arguments.x-queue-type', row='QUE-29')
@pytest.mark.parametrize('options, argument', [
    ({'durable': False}, 'non-durable'), ({'durable': True, 'exclusive': True}, 'exclusive-owner'),
    ({'durable': True, 'auto_delete': True}, 'auto-delete')], ids=['transient', 'exclusive', 'auto-delete'])
def test_quorum_queue_refuses(channel, name, options, argument):
    text = f"PRECONDITION_FAILED - invalid property '{argument}' for queue '{name()}' in vhost '/'"
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(name(), arguments={'x-queue-type': 'quorum'}, **options)


@covers('queue.declare.arguments.x-queue-type', 'queue.declare.queue', row='QUE-01')
def test_quorum_queue_must_be_named(channel):
    text = 'PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue'
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare('', durable=True, arguments={'x-queue-type': 'quorum'})


@covers('queue.delete.if-unused', 'queue.delete.if-empty', row='QUE-11')
@pytest.mark.parametrize('flag', ['if_unused', 'if_empty'])
def test_quorum_queue_has_no_conditional_delete(connection, channel, queue, flag):
    orders = queue(durable=True, arguments={'x-queue-type': 'quorum'})
    text = (f"NOT_IMPLEMENTED - cannot delete queue '{orders}' in vhost '/'. "
            f"queue.delete operations with {flag.replace('_', '-')} flag set are not supported by quorum queues")
    with expect_connection_close(connection, 540, text, by='queue.delete'):
        channel.queue_delete(orders, **{flag: True})
