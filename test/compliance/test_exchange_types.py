"""exchange types: which queues a message reaches."""

import pytest

from amqp import Inbox, bodies_of, covers, expect_channel_close, publish, ready, tabmq_differs


@covers('exchange.declare.type', 'basic.publish.routing-key', row='TYP-01')
def test_direct(channel, exchange, bound_queue):
    orders = exchange('direct')
    red, blue = bound_queue(orders, 'red'), bound_queue(orders, 'blue')
    publish(channel, 'red', b'1', exchange=orders)
    publish(channel, 'Red', b'2', exchange=orders)
    assert (bodies_of(channel, red), bodies_of(channel, blue)) == ([b'1'], [])


@covers('exchange.declare.type', 'queue.bind', row='TYP-01')
def test_one_copy_however_many_bindings_match(channel, exchange, bound_queue):
    orders = exchange('topic')
    bound = bound_queue(orders, '#')
    channel.queue_bind(bound, orders, 'a.*')
    channel.queue_bind(bound, orders, 'a.b')
    publish(channel, 'a.b', b'once', exchange=orders)
    assert bodies_of(channel, bound) == [b'once']


@covers('exchange.declare.type', 'basic.publish.routing-key', row='TYP-02')
def test_fanout_ignores_the_key(channel, exchange, bound_queue):
    news = exchange('fanout')
    first, second = bound_queue(news, 'a'), bound_queue(news, 'b')
    publish(channel, 'c', b'x', exchange=news)
    assert bodies_of(channel, first) == bodies_of(channel, second) == [b'x']


@covers('exchange.declare.type', 'queue.bind.routing-key', row='TYP-03')
@pytest.mark.parametrize('pattern, key, matches', [
    ('a.b', 'a.b', True), ('a.b', 'a.c', False), ('a.b', 'a.b.c', False),
    ('*', 'a', True), ('*', 'a.b', False), ('*', '', False), ('*', '.', False), ('*.*', '.', True),
    ('a.*', 'a.b', True), ('a.*', 'a', False), ('a.*', 'a.', True), ('*.b', 'a.b', True),
    ('a.*.c', 'a.b.c', True), ('a.*.c', 'a.c', False), ('*.*', 'a.b', True),
    ('#', '', True), ('#', 'a', True), ('#', 'a.b.c', True),
    ('a.#', 'a', True), ('a.#', 'a.b.c', True), ('a.#', 'b', False), ('#.c', 'a.b.c', True), ('#.c', 'c', True),
    ('a.#.c', 'a.c', True), ('a.#.c', 'a.b.b.c', True), ('a.#.c', 'a.b', False),
    ('#.b.#', 'a.b.c', True), ('#.b.#', 'b', True), ('#.b.#', 'a.c', False),
    ('*.#', 'a', True), ('*.#', 'a.b', True), ('#.*', 'a.b', True), ('a*', 'ab', False), ('', '', True),
    ('', 'a', False), ('a..b', 'a..b', True), ('a.*.b', 'a..b', True)])
def test_topic(channel, exchange, bound_queue, pattern, key, matches):
    topics = exchange('topic')
    bound = bound_queue(topics, pattern)
    publish(channel, key, b'x', exchange=topics)
    assert ready(channel, bound) == int(matches)


@covers('exchange.declare.type', 'queue.bind.arguments', 'basic.properties.headers', row='TYP-04')
@pytest.mark.parametrize('arguments, headers, matches', [
    ({'a': 1, 'b': '2'}, {'a': 1, 'b': '2', 'c': 3}, True),
    ({'a': 1, 'b': '2'}, {'a': 1}, False),
    ({'x-match': 'all', 'a': 1}, {'a': 1}, True),
    ({'x-match': 'all', 'a': 1}, {'a': '1'}, False),
    ({'x-match': 'any', 'a': 1, 'b': 2}, {'a': 0, 'b': 2}, True),
    ({'x-match': 'any', 'a': 1, 'b': 2}, {'a': 0}, False),
    ({'x-match': 'any'}, {'a': 1}, False),
    ({'x-match': 'all'}, {'a': 1}, True),
    ({}, None, True),
    ({'a': 1}, None, False),
    ({'x-match': 'all', 'x-a': 1}, {}, True),
    ({'x-match': 'any', 'x-a': 1}, {'x-a': 1}, False),
    ({'x-match': 'all-with-x', 'x-a': 1}, {'x-a': 1}, True),
    ({'x-match': 'all-with-x', 'x-a': 1}, {}, False),
    ({'x-match': 'any-with-x', 'x-a': 1, 'b': 1}, {'x-a': 1}, True),
    ({'x-match': 'any-with-x', 'x-a': 1, 'b': 1}, {'x-a': 2}, False),
    ({'a': None}, {'a': 'whatever'}, True),
    ({'a': None}, {'b': 1}, False),
    ({'a': True}, {'a': True}, True),
    ({'a': True}, {'a': 1}, False),
], ids=str)
def test_headers(channel, exchange, bound_queue, arguments, headers, matches):
    kinds = exchange('headers')
    bound = bound_queue(kinds, bind_arguments=arguments)
    publish(channel, 'ignored', b'x', exchange=kinds, headers=headers)
    assert ready(channel, bound) == int(matches)


@covers('queue.bind.arguments', row='TYP-04')
def test_headers_with_an_unknown_match(channel, exchange, queue):
    kinds, orders = exchange('headers'), queue()
    text = ('PRECONDITION_FAILED - Invalid x-match field value <<"bad">>; '
            'expected all, any, all-with-x, or any-with-x')
    with expect_channel_close(channel, 406, text, by='queue.bind'):
        channel.queue_bind(orders, kinds, '', {'x-match': 'bad'})


@covers('basic.publish.exchange', row='EXC-13')
def test_default_exchange_routes_by_queue_name(channel, queue):
    orders = queue()
    publish(channel, orders, b'x')
    assert bodies_of(channel, orders) == [b'x']


@covers('exchange.declare.type', row='TYP-05')
@tabmq_differs('a plugin in RabbitMQ')
def test_consistent_hash(channel, exchange, bound_queue):
    hashed = exchange('x-consistent-hash')
    queues = [bound_queue(hashed, '1') for _ in range(3)]
    for index in range(300):
        publish(channel, f'key-{index % 30}', b'key-%d' % (index % 30), exchange=hashed)
    shares = [bodies_of(channel, bound) for bound in queues]
    assert sum(map(len, shares)) == 300
    keys = [set(share) for share in shares]
    assert sum(map(len, keys)) == 30, 'a key always goes to the same queue'
    assert all(keys), 'no queue goes empty-handed'


@covers('exchange.declare.type', 'exchange.declare.arguments', row='TYP-05')
@tabmq_differs('a plugin in RabbitMQ')
def test_consistent_hash_of_a_header(channel, exchange, bound_queue):
    hashed = exchange('x-consistent-hash', arguments={'hash-header': 'customer'})
    queues = [bound_queue(hashed, '1') for _ in range(2)]
    for index in range(20):
        publish(channel, f'key-{index}', b'x', exchange=hashed, headers={'customer': 'same'})
    assert sorted(ready(channel, bound) for bound in queues) == [0, 20]


@covers('exchange.declare.type', row='TYP-07')
@tabmq_differs('a plugin in RabbitMQ')
def test_random(channel, exchange, bound_queue):
    lottery = exchange('x-random')
    queues = [bound_queue(lottery, str(index)) for index in range(2)]
    publish(channel, '', *[b'x'] * 100, exchange=lottery)
    counts = [ready(channel, bound) for bound in queues]
    assert sum(counts) == 100 and all(counts)


@covers('exchange.declare.type', row='TYP-09')
@tabmq_differs('a plugin in RabbitMQ')
def test_modulus_hash(channel, exchange, bound_queue):
    hashed = exchange('x-modulus-hash')
    queues = [bound_queue(hashed) for _ in range(2)]
    for index in range(100):
        publish(channel, f'key-{index % 20}', b'key-%d' % (index % 20), exchange=hashed)
    shares = [bodies_of(channel, bound) for bound in queues]
    assert sum(map(len, shares)) == 100
    assert not set(shares[0]) & set(shares[1])


@covers('exchange.declare.type', row='TYP-08')
@tabmq_differs('a plugin in RabbitMQ')
def test_recent_history(channel, exchange, bound_queue):
    history = exchange('x-recent-history', arguments={'x-recent-history-length': 2})
    publish(channel, '', b'1', b'2', b'3', exchange=history)
    publish(channel, '', b'untold', exchange=history, headers={'x-recent-history-no-store': True})
    late = bound_queue(history)
    publish(channel, '', b'4', exchange=history)
    assert bodies_of(channel, late) == [b'2', b'3', b'4']


@covers('exchange.declare.type', row='TYP-06')
@tabmq_differs('a plugin in RabbitMQ')
def test_delayed_message(channel, exchange, bound_queue):
    later = exchange('x-delayed-message', arguments={'x-delayed-type': 'direct'})
    inbox = Inbox(channel, bound_queue(later, 'key'))
    publish(channel, 'key', b'last', exchange=later, headers={'x-delay': 200})
    publish(channel, 'key', b'second', exchange=later, headers={'x-delay': 100})
    publish(channel, 'key', b'first', exchange=later)
    assert inbox.wait(3).bodies == [b'first', b'second', b'last']
