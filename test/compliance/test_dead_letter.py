"""dead-lettering: what is sent on, where to, and what it tells about its past."""

import pika
import pytest

from amqp import Inbox, bodies_of, covers, expect_channel_close, publish, ready, tabmq_differs


@pytest.fixture
def graveyard(queue):
    return queue('graveyard')


@pytest.fixture
def dead_letter(queue, graveyard):
    """Declares a queue whose dead letters go to the graveyard."""

    def declare(suffix=None, **arguments):
        return queue(suffix, arguments={
            'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': graveyard, **arguments})

    return declare


def buried(channel, graveyard):
    """The next dead letter: its method, properties and body."""
    return Inbox(channel, graveyard).wait(1)[0]


def reject(channel, queue):
    channel.basic_reject(channel.basic_get(queue)[0].delivery_tag, requeue=False)


@covers('basic.reject', 'basic.nack', 'queue.declare.arguments.x-dead-letter-exchange',
        'queue.declare.arguments.x-dead-letter-routing-key', row='QUE-19')
@pytest.mark.parametrize('by', ['reject', 'nack'])
def test_rejected(channel, dead_letter, graveyard, by):
    orders = dead_letter()
    publish(channel, orders, b'x', content_type='text/plain', headers={'mine': 1})
    tag = channel.basic_get(orders)[0].delivery_tag
    {'reject': channel.basic_reject, 'nack': channel.basic_nack}[by](tag, requeue=False)
    method, properties, body = buried(channel, graveyard)
    assert (body, properties.content_type, properties.headers['mine']) == (b'x', 'text/plain', 1)
    assert (method.exchange, method.routing_key, method.redelivered) == ('', graveyard, False)
    death, = properties.headers['x-death']
    time = death.pop('time')
    assert time.year >= 2020
    assert death == {'count': 1, 'reason': 'rejected', 'queue': orders, 'exchange': '', 'routing-keys': [orders]}
    first = {key: properties.headers[f'x-first-death-{key}'] for key in ('reason', 'queue', 'exchange')}
    assert first == {'reason': 'rejected', 'queue': orders, 'exchange': ''}


@covers('queue.declare.arguments.x-dead-letter-exchange', row='QUE-22')
@tabmq_differs('RabbitMQ 3.10 records only the first death; TabMQ the last as well, as RabbitMQ 4 does')
def test_last_death(channel, dead_letter, graveyard):
    orders = dead_letter()
    publish(channel, orders, b'x')
    reject(channel, orders)
    headers = buried(channel, graveyard)[1].headers
    last = {key: headers[f'x-last-death-{key}'] for key in ('reason', 'queue', 'exchange')}
    assert last == {'reason': 'rejected', 'queue': orders, 'exchange': ''}


@covers('queue.declare.arguments.x-message-ttl', 'queue.declare.arguments.x-dead-letter-exchange', row='QUE-19')
def test_expired(channel, dead_letter, graveyard):
    orders = dead_letter(**{'x-message-ttl': 20})
    publish(channel, orders, b'x')
    _method, properties, body = buried(channel, graveyard)
    assert (body, properties.headers['x-death'][0]['reason']) == (b'x', 'expired')


@covers('basic.properties.expiration', 'queue.declare.arguments.x-dead-letter-exchange', row='QUE-20')
def test_expiration_is_cleared_and_recorded(channel, dead_letter, graveyard):
    orders = dead_letter()
    publish(channel, orders, b'x', expiration='20')
    properties = buried(channel, graveyard)[1]
    assert properties.expiration is None
    assert properties.headers['x-death'][0]['original-expiration'] == '20'


@covers('queue.declare.arguments.x-max-length', 'queue.declare.arguments.x-dead-letter-exchange', row='QUE-19')
def test_overflow(channel, dead_letter, graveyard):
    orders = dead_letter(**{'x-max-length': 1})
    publish(channel, orders, b'1', b'2')
    _method, properties, body = buried(channel, graveyard)
    assert (body, properties.headers['x-death'][0]['reason']) == (b'1', 'maxlen')
    assert bodies_of(channel, orders) == [b'2']


@covers('queue.declare.arguments.x-overflow', 'queue.declare.arguments.x-dead-letter-exchange', row='QUE-17')
def test_overflow_with_reject_publish_dlx(channel, dead_letter, graveyard):
    orders = dead_letter(**{'x-max-length': 1, 'x-overflow': 'reject-publish-dlx'})
    channel.basic_publish('', orders, b'1')
    channel.basic_publish('', orders, b'2')
    _method, properties, body = buried(channel, graveyard)
    assert (body, properties.headers['x-death'][0]['reason']) == (b'2', 'maxlen')
    assert bodies_of(channel, orders) == [b'1']


@covers('queue.declare.arguments.x-dead-letter-exchange', 'basic.properties.headers.CC', row='QUE-20')
def test_original_routing_key(channel, queue, exchange, bound_queue):
    graves = exchange('topic')
    orders = queue(arguments={'x-dead-letter-exchange': graves})
    copy = queue()
    inbox = Inbox(channel, bound_queue(graves, '#'))
    publish(channel, orders, b'x', headers={'CC': [copy]})
    reject(channel, orders)
    method, properties, _body = inbox.wait(1)[0]
    assert (method.exchange, method.routing_key) == (graves, orders)
    assert properties.headers['x-death'][0]['routing-keys'] == [orders, copy]


@covers('queue.declare.arguments.x-dead-letter-exchange', row='QUE-18')
def test_missing_exchange_drops(channel, queue, name):
    orders = queue(arguments={'x-dead-letter-exchange': name('missing')})
    publish(channel, orders, b'1', b'2')
    reject(channel, orders)
    assert bodies_of(channel, orders) == [b'2']


@covers('queue.declare.arguments.x-dead-letter-routing-key', row='QUE-18')
def test_routing_key_without_exchange(channel, name):
    text = (f"PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue '{name()}' in vhost '/': "
            'routing_key_but_no_dlx_defined')
    with expect_channel_close(channel, 406, text, by='queue.declare'):
        channel.queue_declare(name(), arguments={'x-dead-letter-routing-key': 'k'})


@covers('queue.declare.arguments.x-dead-letter-exchange', row='QUE-21')
def test_deaths_are_counted_newest_first(channel, queue, name):
    first, second = name('first'), name('second')
    queue('first', arguments={'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': second})
    queue('second', arguments={'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': first})
    publish(channel, first, b'x')
    inboxes = {key: Inbox(channel, key, auto_ack=False) for key in (first, second)}
    for key, count in ((first, 1), (second, 1), (first, 2)):
        channel.basic_reject(inboxes[key].wait(count)[-1][0].delivery_tag, requeue=False)
    deaths = inboxes[second].wait(2)[-1][1].headers['x-death']
    assert [(death['queue'], death['count']) for death in deaths] == [(first, 2), (second, 1)]


@covers('queue.declare.arguments.x-dead-letter-exchange', row='QUE-23')
def test_expiry_loop_is_cut(channel, queue, name):
    loop = queue('loop', arguments={
        'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': name('loop'), 'x-message-ttl': 10})
    publish(channel, loop, b'x')
    channel.connection.wait_until(lambda: ready(channel, loop) == 0)
    assert bodies_of(channel, loop) == []


@covers('queue.declare.arguments.x-dead-letter-exchange', row='QUE-23')
def test_reject_loop_is_not_cut(channel, queue, name):
    loop = queue('loop', arguments={'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': name('loop')})
    publish(channel, loop, b'x')
    inbox = Inbox(channel, loop, auto_ack=False)
    for count in (1, 2, 3):
        channel.basic_reject(inbox.wait(count)[-1][0].delivery_tag, requeue=False)
    assert inbox.wait(4)[-1][1].headers['x-death'][0]['count'] == 3


@covers('basic.properties.headers.x-death', row='QUE-22')
@tabmq_differs('RabbitMQ 3.10 counts on from a header that the client sent; TabMQ starts anew, as RabbitMQ 4 does')
def test_x_death_of_a_client_is_not_counted(channel, dead_letter, graveyard):
    orders = dead_letter()
    forged = {'count': 41, 'reason': 'rejected', 'queue': orders, 'exchange': '', 'routing-keys': [orders]}
    publish(channel, orders, b'x', headers={'x-death': [forged]})
    reject(channel, orders)
    assert buried(channel, graveyard)[1].headers['x-death'][0]['count'] == 1


@covers('queue.declare.arguments.x-delivery-limit', 'queue.declare.arguments.x-queue-type', row='QUE-30')
def test_delivery_limit(channel, queue, graveyard):
    orders = queue(durable=True, arguments={
        'x-queue-type': 'quorum', 'x-delivery-limit': 1, 'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': graveyard})
    publish(channel, orders, b'x')
    inbox = Inbox(channel, orders, auto_ack=False)
    for count in (1, 2):
        channel.basic_nack(inbox.wait(count)[-1][0].delivery_tag)
    assert inbox[1][1].headers['x-delivery-count'] == 1
    _method, properties, body = buried(channel, graveyard)
    assert (body, properties.headers['x-death'][0]['reason']) == (b'x', 'delivery_limit')


@covers('queue.purge', 'queue.delete', 'queue.declare.arguments.x-dead-letter-exchange')
def test_purged_and_deleted_messages_are_not_dead_letters(channel, dead_letter, graveyard):
    orders = dead_letter()
    publish(channel, orders, b'purged')
    channel.queue_purge(orders)
    publish(channel, orders, b'deleted')
    channel.queue_delete(orders)
    assert ready(channel, graveyard) == 0


@covers('basic.properties.headers.CC')
def test_carbon_copies_die_separately(channel, dead_letter, graveyard):
    to, copy = dead_letter('to'), dead_letter('copy')
    channel.basic_publish('', to, b'x', pika.BasicProperties(headers={'CC': [copy]}))
    reject(channel, to)
    reject(channel, copy)
    inbox = Inbox(channel, graveyard).wait(2)
    assert sorted(message[1].headers['x-death'][0]['queue'] for message in inbox) == sorted([to, copy])
