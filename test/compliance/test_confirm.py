"""confirm: publisher confirms."""

import pika
import pytest
from pika import spec

from amqp import bodies_of, call, covers, expect_channel_close, publish, send

VERDICTS = (spec.Basic.Ack, spec.Basic.Nack)


@pytest.fixture
def verdicts(connection, channel):
    """Puts the channel in confirm mode; returns {sequence number: 'ack' or 'nack'} once all came."""
    channel._impl.add_callback(lambda _frame: None, VERDICTS, one_shot=False)
    call(channel, spec.Confirm.Select(), spec.Confirm.SelectOk)

    def settled():
        result = {}
        for method in connection.methods(VERDICTS, channel.channel_number):
            first = max(result, default=0) + 1 if method.multiple else method.delivery_tag
            verdict = 'ack' if isinstance(method, spec.Basic.Ack) else 'nack'
            for number in range(first, method.delivery_tag + 1):
                result.setdefault(number, verdict)
        return result

    def wait(count):
        connection.wait_until(lambda: len(settled()) >= count)
        return settled()

    return wait


@covers('confirm.select', 'confirm.select-ok', row='CNF-01')
def test_select_twice(channel):
    for _ in range(2):
        call(channel, spec.Confirm.Select(), spec.Confirm.SelectOk)


@covers('confirm.select.no-wait')
def test_select_no_wait(connection, channel, queue):
    orders = queue()
    channel._impl.add_callback(lambda _frame: None, [spec.Basic.Ack])
    send(channel, spec.Confirm.Select(nowait=True))
    channel.basic_publish('', orders, b'x')
    assert connection.wait_for(spec.Basic.Ack).delivery_tag == 1
    assert connection.methods(spec.Confirm.SelectOk) == []


@covers('basic.ack.delivery-tag', 'basic.ack.multiple', row='CNF-02')
def test_every_publish_is_confirmed(channel, queue, verdicts):
    orders = queue()
    for index in range(100):
        channel.basic_publish('', orders, str(index))
    assert verdicts(100) == {number: 'ack' for number in range(1, 101)}


@covers('basic.ack.delivery-tag', row='CNF-02')
def test_numbers_start_at_select(channel, queue, request):
    orders = queue()
    channel.basic_publish('', orders, b'before')
    verdicts = request.getfixturevalue('verdicts')
    channel.basic_publish('', orders, b'after')
    assert verdicts(1) == {1: 'ack'}


@covers('confirm.select', 'basic.properties.delivery-mode', row='BAS-07')
@pytest.mark.parametrize('durable', [True, False])
def test_persistent_message(channel, queue, verdicts, durable):
    channel.basic_publish('', queue(durable=durable), b'x', pika.BasicProperties(delivery_mode=2))
    assert verdicts(1) == {1: 'ack'}


@covers('basic.ack', 'basic.return', 'basic.publish.mandatory', row='CNF-02')
def test_return_comes_before_the_ack(connection, channel, name, verdicts):
    channel.basic_publish('', name(), b'x', mandatory=True)
    verdicts(1)
    kinds = [type(method) for method in connection.methods((spec.Basic.Return, *VERDICTS))]
    assert kinds == [spec.Basic.Return, spec.Basic.Ack]


@covers('basic.ack', row='CNF-02')
def test_unroutable_is_acked(channel, name, verdicts):
    channel.basic_publish('', name(), b'x')
    assert verdicts(1) == {1: 'ack'}


@covers('basic.nack', 'basic.nack.delivery-tag', 'queue.declare.arguments.x-overflow', row='QUE-17')
def test_reject_publish_is_nacked(channel, queue, verdicts):
    orders = queue(arguments={'x-max-length': 1, 'x-overflow': 'reject-publish'})
    channel.basic_publish('', orders, b'1')
    channel.basic_publish('', orders, b'2')
    assert verdicts(2) == {1: 'ack', 2: 'nack'}
    assert bodies_of(channel, orders) == [b'1']


@covers('basic.nack', 'queue.declare.arguments.x-overflow', row='QUE-17')
def test_one_rejecting_queue_of_several_nacks(channel, exchange, bound_queue, verdicts):
    news = exchange('fanout')
    full = bound_queue(news, arguments={'x-max-length': 0, 'x-overflow': 'reject-publish'})
    roomy = bound_queue(news)
    channel.basic_publish(news, '', b'x')
    assert verdicts(1) == {1: 'nack'}
    assert (bodies_of(channel, full), bodies_of(channel, roomy)) == ([], [b'x'])


@covers('basic.ack', 'queue.declare.arguments.x-overflow', row='QUE-17')
def test_drop_head_is_acked(channel, queue, verdicts):
    orders = queue(arguments={'x-max-length': 1})
    channel.basic_publish('', orders, b'1')
    channel.basic_publish('', orders, b'2')
    assert verdicts(2) == {1: 'ack', 2: 'ack'}
    assert bodies_of(channel, orders) == [b'2']


@covers('confirm.select', 'tx.select', row='CNF-01')
def test_confirm_and_tx_exclude_each_other(connection, channel):
    channel.tx_select()
    with expect_channel_close(channel, 406, 'PRECONDITION_FAILED - cannot switch from tx to confirm mode',
                              by='confirm.select'):
        send(channel, spec.Confirm.Select())
    other = connection.channel()
    call(other, spec.Confirm.Select(), spec.Confirm.SelectOk)
    with expect_channel_close(other, 406, 'PRECONDITION_FAILED - cannot switch from confirm to tx mode',
                              by='tx.select'):
        other.tx_select()


@covers('confirm.select', 'basic.publish')
def test_publish_with_confirm_by_pika_itself(channel, queue):
    channel.confirm_delivery()
    orders = queue()
    channel.basic_publish('', orders, b'x', mandatory=True)
    with pytest.raises(pika.exceptions.UnroutableError):
        channel.basic_publish('', orders + '.missing', b'x', mandatory=True)
    publish(channel, orders, b'y')
    assert bodies_of(channel, orders) == [b'x', b'y']
