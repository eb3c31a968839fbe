"""exchange: declare, delete, bind to one another, and how each type routes."""

import pytest
from pika import spec

from amqp import bodies_of, covers, expect_channel_close, publish, ready, send, tabmq_differs


def no_exchange(name):
    return f"NOT_FOUND - no exchange '{name}' in vhost '/'"


@covers('exchange.declare', 'exchange.declare-ok', 'exchange.declare.exchange', 'exchange.declare.type', row='EXC-01')
@pytest.mark.parametrize('exchange_type', ['direct', 'fanout', 'topic', 'headers'])
def test_declare(channel, exchange, exchange_type):
    orders = exchange(exchange_type)
    channel.exchange_declare(orders, passive=True)
    channel.exchange_declare(orders, exchange_type)


@covers('exchange.declare.passive', row='EXC-12')
@pytest.mark.parametrize('predeclared', ['amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match'])
def test_predeclared(channel, predeclared):
    channel.exchange_declare(predeclared, passive=True)


@covers('exchange.declare', row='EXC-01')
def test_redeclare_a_predeclared(channel):
    channel.exchange_declare('amq.direct', 'direct', durable=True)


@covers('exchange.declare.passive', row='EXC-03')
def test_declare_passive_missing(channel, name):
    with expect_channel_close(channel, 404, no_exchange(name()), by='exchange.declare'):
        channel.exchange_declare(name(), passive=True)


@covers('exchange.declare.passive', row='EXC-03')
def test_declare_passive_ignores_other_fields(channel, exchange):
    channel.exchange_declare(exchange('direct'), 'fanout', passive=True, durable=True, arguments={'x': 1})


@covers('exchange.declare.exchange', row='EXC-01')
def test_declare_reserved_prefix(channel):
    with expect_channel_close(channel, 403, "ACCESS_REFUSED - exchange name 'amq.foo' contains reserved prefix 'amq.*'",
                              by='exchange.declare'):
        channel.exchange_declare('amq.foo')


@covers('exchange.declare.exchange', row='EXC-01')
def test_declare_the_default_exchange(channel):
    with expect_channel_close(channel, 403, 'ACCESS_REFUSED - operation not permitted on the default exchange',
                              by='exchange.declare'):
        send(channel, spec.Exchange.Declare(exchange='', type='direct'))


@covers('exchange.declare.type', row='TOP-4')
@tabmq_differs('RabbitMQ 3.10 closes the connection with 503; TabMQ closes the channel with 406 as RabbitMQ 4 does')
def test_declare_unknown_type(channel, name):
    with expect_channel_close(channel, 406, "PRECONDITION_FAILED - unknown exchange type 'nope'",
                              by='exchange.declare'):
        channel.exchange_declare(name(), 'nope')


@covers('exchange.declare.type', 'exchange.declare.durable', 'exchange.declare.auto-delete',
        'exchange.declare.internal', row='EXC-04')
@pytest.mark.parametrize('changes, argument, received, current', [
    ({'exchange_type': 'fanout'}, 'type', 'fanout', 'direct'),
    ({'durable': True}, 'durable', 'true', 'false'),
    ({'auto_delete': True}, 'auto_delete', 'true', 'false'),
    ({'internal': True}, 'internal', 'true', 'false'),
], ids=['type', 'durable', 'auto-delete', 'internal'])
def test_redeclare_otherwise(channel, exchange, changes, argument, received, current):
    orders = exchange('direct')
    text = (f"PRECONDITION_FAILED - inequivalent arg '{argument}' for exchange '{orders}' in vhost '/': "
            f"received '{received}' but current is '{current}'")
    with expect_channel_close(channel, 406, text, by='exchange.declare'):
        channel.exchange_declare(orders, **{'exchange_type': 'direct', **changes})


@covers('exchange.declare.arguments', row='EXC-04')
def test_redeclare_compares_only_the_alternate_exchange(channel, exchange):
    orders = exchange('direct', arguments={'x-foo': 1})
    channel.exchange_declare(orders, 'direct', arguments={'x-foo': 2})


@covers('exchange.declare.no-wait')
def test_declare_no_wait(connection, channel, exchange, name, cleanup):
    cleanup[1].append(name())
    send(channel, spec.Exchange.Declare(exchange=name(), type='direct', nowait=True))
    channel.exchange_declare(name(), passive=True)
    assert len(connection.methods(spec.Exchange.DeclareOk)) == 1


@covers('exchange.declare.durable', row='EXC-08')
def test_declare_durable(channel, exchange):
    channel.exchange_declare(exchange('topic', durable=True), 'topic', durable=True)


@covers('exchange.declare.internal', 'basic.publish.exchange', row='EXC-06')
def test_publish_to_an_internal_exchange(channel, exchange):
    inner = exchange('direct', internal=True)
    text = f"ACCESS_REFUSED - cannot publish to internal exchange '{inner}' in vhost '/'"
    with expect_channel_close(channel, 403, text, by='basic.publish'):
        channel.basic_publish(inner, 'key', b'x')


@covers('exchange.declare.internal', 'exchange.bind', row='EXC-06')
def test_internal_exchange_routes_what_is_bound_to_it(channel, exchange, bound_queue):
    outer, inner = exchange('fanout'), exchange('fanout', internal=True)
    channel.exchange_bind(inner, outer)
    orders = bound_queue(inner)
    publish(channel, '', b'x', exchange=outer)
    assert bodies_of(channel, orders) == [b'x']


@covers('exchange.declare.auto-delete', 'queue.unbind', row='EXC-07')
def test_auto_delete_with_the_last_binding(channel, exchange, bound_queue):
    orders = exchange('direct', auto_delete=True)
    first, second = bound_queue(orders, 'a'), bound_queue(orders, 'b')
    channel.queue_unbind(first, orders, 'a')
    channel.exchange_declare(orders, passive=True)
    channel.queue_unbind(second, orders, 'b')
    with expect_channel_close(channel, 404, no_exchange(orders), by='exchange.declare'):
        channel.exchange_declare(orders, passive=True)


@covers('exchange.declare.auto-delete', 'queue.delete', row='EXC-07')
def test_auto_delete_with_the_last_queue(channel, exchange, bound_queue):
    orders = exchange('direct', auto_delete=True)
    channel.queue_delete(bound_queue(orders, 'a'))
    with expect_channel_close(channel, 404, no_exchange(orders), by='exchange.declare'):
        channel.exchange_declare(orders, passive=True)


@covers('exchange.delete', 'exchange.delete-ok', 'exchange.delete.exchange', row='EXC-09')
def test_delete(channel, exchange):
    orders = exchange()
    channel.exchange_delete(orders)
    with expect_channel_close(channel, 404, no_exchange(orders), by='exchange.declare'):
        channel.exchange_declare(orders, passive=True)


@covers('exchange.delete', row='EXC-09')
def test_delete_missing(channel, name):
    channel.exchange_delete(name())


@covers('exchange.delete.exchange', row='EXC-09')
@pytest.mark.parametrize('system, text', [
    ('', 'ACCESS_REFUSED - operation not permitted on the default exchange'),
    ('amq.direct', "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed"),
])
def test_delete_a_system_exchange(channel, system, text):
    with expect_channel_close(channel, 403, text, by='exchange.delete'):
        send(channel, spec.Exchange.Delete(exchange=system))


@covers('exchange.delete.if-unused', row='EXC-09')
def test_delete_if_unused(channel, exchange, bound_queue):
    orders = exchange()
    bound_queue(orders, 'a')
    with expect_channel_close(channel, 406, f"PRECONDITION_FAILED - exchange '{orders}' in vhost '/' in use",
                              by='exchange.delete'):
        channel.exchange_delete(orders, if_unused=True)


@covers('exchange.delete.if-unused', row='EXC-09')
def test_delete_if_unused_unused(channel, exchange):
    orders = exchange()
    channel.exchange_delete(orders, if_unused=True)
    with expect_channel_close(channel, 404, no_exchange(orders), by='exchange.declare'):
        channel.exchange_declare(orders, passive=True)


@covers('exchange.delete.no-wait')
def test_delete_no_wait(connection, channel, exchange):
    orders = exchange()
    send(channel, spec.Exchange.Delete(exchange=orders, nowait=True))
    with expect_channel_close(channel, 404, no_exchange(orders), by='exchange.declare'):
        channel.exchange_declare(orders, passive=True)
    assert connection.methods(spec.Exchange.DeleteOk) == []


@covers('exchange.delete', 'queue.bind')
def test_delete_removes_the_bindings(channel, exchange, bound_queue):
    orders = exchange('direct')
    bound = bound_queue(orders, 'a')
    channel.exchange_delete(orders)
    channel.exchange_declare(orders, 'direct')
    publish(channel, 'a', b'x', exchange=orders)
    assert ready(channel, bound) == 0


@covers('exchange.bind', 'exchange.bind-ok', 'exchange.bind.destination', 'exchange.bind.source',
        'exchange.bind.routing-key', row='EXC-10')
def test_exchange_to_exchange(channel, exchange, bound_queue):
    source, destination = exchange('topic'), exchange('fanout')
    channel.exchange_bind(destination, source, 'order.*')
    orders = bound_queue(destination)
    publish(channel, 'order.new', b'yes', exchange=source)
    publish(channel, 'invoice.new', b'no', exchange=source)
    assert bodies_of(channel, orders) == [b'yes']


@covers('exchange.bind.arguments', row='EXC-10')
def test_exchange_to_exchange_by_headers(channel, exchange, bound_queue):
    source, destination = exchange('headers'), exchange('fanout')
    channel.exchange_bind(destination, source, '', {'x-match': 'all', 'kind': 'order'})
    orders = bound_queue(destination)
    publish(channel, '', b'yes', exchange=source, headers={'kind': 'order'})
    publish(channel, '', b'no', exchange=source, headers={'kind': 'invoice'})
    assert bodies_of(channel, orders) == [b'yes']


@covers('exchange.bind', row='EXC-10')
def test_exchange_cycle_delivers_once(channel, exchange, bound_queue):
    first, second = exchange('fanout'), exchange('fanout')
    channel.exchange_bind(first, second)
    channel.exchange_bind(second, first)
    orders = bound_queue(first)
    channel.queue_bind(orders, second)
    publish(channel, '', b'once', exchange=first)
    assert bodies_of(channel, orders) == [b'once']


@covers('exchange.unbind', 'exchange.unbind-ok', 'exchange.unbind.destination', 'exchange.unbind.source',
        'exchange.unbind.routing-key', 'exchange.unbind.arguments', row='EXC-10')
def test_exchange_unbind(channel, exchange, bound_queue):
    source, destination = exchange('direct'), exchange('fanout')
    orders = bound_queue(destination)
    channel.exchange_bind(destination, source, 'a', {'x': 1})
    channel.exchange_bind(destination, source, 'a', {'x': 2})
    channel.exchange_unbind(destination, source, 'a', {'x': 1})
    publish(channel, 'a', b'still bound', exchange=source)
    channel.exchange_unbind(destination, source, 'a', {'x': 2})
    publish(channel, 'a', b'unbound', exchange=source)
    assert bodies_of(channel, orders) == [b'still bound']


@covers('exchange.unbind', row='TOP-7')
def test_exchange_unbind_missing(channel, exchange, name):
    channel.exchange_unbind(exchange(), exchange(), 'never bound')
    channel.exchange_unbind(name('a'), name('b'), 'no exchanges')


@covers('exchange.bind.no-wait', 'exchange.unbind.no-wait')
def test_exchange_bind_and_unbind_no_wait(connection, channel, exchange, bound_queue):
    source, destination = exchange('fanout'), exchange('fanout')
    orders = bound_queue(destination)
    send(channel, spec.Exchange.Bind(source=source, destination=destination, nowait=True))
    channel.basic_publish(source, '', b'bound')
    send(channel, spec.Exchange.Unbind(source=source, destination=destination, nowait=True))
    channel.basic_publish(source, '', b'unbound')
    assert bodies_of(channel, orders) == [b'bound']
    assert connection.methods((spec.Exchange.BindOk, spec.Exchange.UnbindOk)) == []


@covers('exchange.bind.destination', 'exchange.bind.source', row='EXC-10')
@pytest.mark.parametrize('missing', ['source', 'destination'])
def test_exchange_bind_missing(channel, exchange, name, missing):
    ends = {'source': exchange(), 'destination': exchange(), missing: name('missing')}
    with expect_channel_close(channel, 404, no_exchange(name('missing')), by='exchange.bind'):
        channel.exchange_bind(**ends)


@covers('exchange.bind.destination', 'exchange.bind.source', row='EXC-10')
@pytest.mark.parametrize('end', ['source', 'destination'])
def test_exchange_bind_to_the_default_exchange(channel, exchange, end):
    ends = {'source': exchange(), 'destination': exchange(), end: ''}
    with expect_channel_close(channel, 403, 'ACCESS_REFUSED - operation not permitted on the default exchange',
                              by='exchange.bind'):
        send(channel, spec.Exchange.Bind(**ends))


@covers('exchange.declare.arguments.alternate-exchange', row='TYP-11')
def test_alternate_exchange(channel, exchange, bound_queue):
    fallback = exchange('fanout')
    orders = exchange('direct', arguments={'alternate-exchange': fallback})
    known, unknown = bound_queue(orders, 'known'), bound_queue(fallback)
    publish(channel, 'known', b'1', exchange=orders)
    publish(channel, 'unknown', b'2', exchange=orders)
    assert bodies_of(channel, known) == [b'1']
    assert bodies_of(channel, unknown) == [b'2']


@covers('exchange.declare.arguments.alternate-exchange', 'basic.publish.mandatory', row='TYP-11')
def test_alternate_exchange_counts_as_routed(connection, channel, exchange, bound_queue):
    fallback = exchange('fanout')
    orders = exchange('direct', arguments={'alternate-exchange': fallback})
    unknown = bound_queue(fallback)
    channel.basic_publish(orders, 'unknown', b'x', mandatory=True)
    assert bodies_of(channel, unknown) == [b'x']
    assert connection.methods(spec.Basic.Return) == []


@covers('exchange.declare.arguments.alternate-exchange', 'basic.return', row='TYP-11')
def test_alternate_exchange_missing_or_in_a_loop(connection, channel, exchange, name):
    first = exchange('direct', 'first', arguments={'alternate-exchange': name('second')})
    channel.basic_publish(first, 'nowhere', b'1', mandatory=True)
    assert connection.wait_for(spec.Basic.Return).reply_code == 312
    exchange('direct', 'second', arguments={'alternate-exchange': first})
    channel.basic_publish(first, 'nowhere', b'2', mandatory=True)
    assert connection.wait_for(spec.Basic.Return, after=1).exchange == first


@covers('exchange.declare.arguments.alternate-exchange', row='EXC-05')
def test_alternate_exchange_of_a_wrong_type(channel, name):
    text = (f"PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' "
            f"in exchange '{name()}' in vhost '/'")
    with expect_channel_close(channel, 406, text, by='exchange.declare'):
        channel.exchange_declare(name(), arguments={'alternate-exchange': 5})


@covers('exchange.declare.arguments.alternate-exchange', row='EXC-04')
def test_redeclare_with_another_alternate_exchange(channel, exchange):
    orders = exchange('direct', arguments={'alternate-exchange': 'amq.fanout'})
    text = (f"PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '{orders}' in vhost '/': "
            f"received 'amq.topic' but current is 'amq.fanout'")
    with expect_channel_close(channel, 406, text, by='exchange.declare'):
        channel.exchange_declare(orders, 'direct', arguments={'alternate-exchange': 'amq.topic'})
