"""tx: select, commit, rollback."""

import pytest
from pika import spec

from amqp import bodies_of, covers, expect_channel_close, publish, ready


@pytest.fixture
def transaction(connection):
    """A transactional channel."""
    channel = connection.channel()
    channel.tx_select()
    return channel


@covers('tx.select', 'tx.select-ok', row='TX-01')
def test_select_twice(transaction):
    transaction.tx_select()


@covers('tx.commit', 'tx.rollback', row='TX-01')
@pytest.mark.parametrize('by', ['tx.commit', 'tx.rollback'])
def test_without_select(channel, by):
    with expect_channel_close(channel, 406, 'PRECONDITION_FAILED - channel is not transactional', by=by):
        {'tx.commit': channel.tx_commit, 'tx.rollback': channel.tx_rollback}[by]()


@covers('tx.commit', 'tx.commit-ok', 'basic.publish')
def test_commit_publishes(channel, transaction, queue):
    orders = queue()
    for body in (b'1', b'2'):
        transaction.basic_publish('', orders, body)
    transaction.exchange_declare('amq.direct', passive=True)
    assert ready(channel, orders) == 0
    transaction.tx_commit()
    assert bodies_of(channel, orders) == [b'1', b'2']


@covers('tx.rollback', 'tx.rollback-ok', 'basic.publish')
def test_rollback_forgets_publishes(channel, transaction, queue):
    orders = queue()
    transaction.basic_publish('', orders, b'forgotten')
    transaction.tx_rollback()
    transaction.basic_publish('', orders, b'kept')
    transaction.tx_commit()
    assert bodies_of(channel, orders) == [b'kept']


@covers('tx.select', 'channel.close')
def test_close_rolls_back(channel, transaction, queue):
    orders = queue()
    transaction.basic_publish('', orders, b'x')
    transaction.close()
    assert ready(channel, orders) == 0


@covers('tx.commit', 'basic.ack', 'basic.nack', row='TX-03')
@pytest.mark.parametrize('settle, left', [('ack', []), ('nack', [b'x'])])
def test_commit_settles(channel, transaction, queue, settle, left):
    orders = queue()
    publish(channel, orders, b'x')
    tag = transaction.basic_get(orders)[0].delivery_tag
    {'ack': transaction.basic_ack, 'nack': transaction.basic_nack}[settle](tag)
    assert ready(channel, orders) == 0
    transaction.tx_commit()
    transaction.close()
    assert bodies_of(channel, orders) == left


@covers('tx.rollback', 'basic.ack', row='TX-03')
def test_rollback_takes_acks_back(channel, transaction, queue):
    orders = queue()
    publish(channel, orders, b'x')
    tag = transaction.basic_get(orders)[0].delivery_tag
    transaction.basic_ack(tag)
    transaction.tx_rollback()
    assert ready(channel, orders) == 0
    transaction.basic_ack(tag)
    transaction.tx_commit()
    transaction.close()
    assert ready(channel, orders) == 0


@covers('tx.rollback', 'channel.close', row='TX-03')
def test_rolled_back_ack_leaves_the_message_unacked(channel, transaction, queue):
    orders = queue()
    publish(channel, orders, b'x')
    transaction.basic_ack(transaction.basic_get(orders)[0].delivery_tag)
    transaction.tx_rollback()
    transaction.close()
    assert bodies_of(channel, orders) == [b'x']


@covers('tx.select', 'basic.publish.exchange', row='TX-02')
def test_errors_come_at_publish(transaction, name):
    with expect_channel_close(transaction, 404, f"NOT_FOUND - no exchange '{name()}' in vhost '/'",
                              by='basic.publish'):
        transaction.basic_publish(name(), 'key', b'x')


@covers('tx.commit', 'basic.return', 'basic.publish.mandatory', row='TX-02')
def test_return_comes_at_commit(connection, transaction, name):
    transaction.basic_publish('', name(), b'x', mandatory=True)
    transaction.exchange_declare('amq.direct', passive=True)
    assert connection.methods(spec.Basic.Return) == []
    transaction.tx_commit()
    kinds = [type(method) for method in connection.methods((spec.Basic.Return, spec.Tx.CommitOk))]
    assert kinds == [spec.Basic.Return, spec.Tx.CommitOk]


@covers('tx.commit', 'queue.declare.arguments.x-overflow', row='TX-05')
def test_partial_completion(transaction, queue):
    full = queue(arguments={'x-max-length': 0, 'x-overflow': 'reject-publish'})
    transaction.basic_publish('', full, b'x')
    with expect_channel_close(transaction, 406, 'PRECONDITION_FAILED - partial tx completion', by='tx.commit'):
        transaction.tx_commit()
