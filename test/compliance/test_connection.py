"""connection: the handshake, what it offers, whom it refuses, and how a connection ends."""

import struct

import pika
import pytest
from pika import spec
from pika.exceptions import (ConnectionClosedByBroker, ProbableAccessDeniedError,
                             ProbableAuthenticationError)

from amqp import (Raw, Tap, assert_close, call, covers, expect_channel_close,
                  expect_connection_close, send, tabmq_differs)

LOGIN_REFUSED = ('ACCESS_REFUSED - Login was refused using authentication mechanism {}. '
                 'For details see the broker logfile.')

REFUSALS = (ConnectionClosedByBroker, ProbableAccessDeniedError, ProbableAuthenticationError)


class Login:
    """Credentials that answer connection.start as told."""

    def __init__(self, mechanism, response):
        self.mechanism, self.response = mechanism, response

    def response_for(self, _start):
        return self.mechanism, self.response

    def erase_credentials(self):
        """pika calls this after the handshake; there is nothing to erase."""


pika.credentials.VALID_TYPES.append(Login)


def long_string(value):
    return b'S' + struct.pack('>I', len(value)) + value


def amqplain(user, password):
    return b'\x05LOGIN' + long_string(user) + b'\x08PASSWORD' + long_string(password)


def refusal(connect, **changes):
    """The connection.close that answers a handshake."""
    with pytest.raises(REFUSALS):
        connect(**changes)
    closes = [frame.method for frame in Tap.received_by_the_last
              if isinstance(getattr(frame, 'method', None), spec.Connection.Close)]
    assert len(closes) == 1
    return closes[0]


def tuning(**answers):
    """A client that answers connection.tune with values of its own."""

    class Stubborn(Tap):
        def _send_connection_tune_ok(self):
            for field, value in answers.items():
                setattr(self.params, field, value)
            super()._send_connection_tune_ok()

    return Stubborn


@covers('connection.start', 'connection.start.version-major', 'connection.start.version-minor',
        'connection.start.mechanisms', 'connection.start.locales', 'connection.start-ok',
        'connection.tune', 'connection.tune-ok', 'connection.open', 'connection.open-ok', row='CON-03')
def test_handshake(connection):
    start = connection.methods(spec.Connection.Start)[0]
    assert (start.version_major, start.version_minor) == (0, 9)
    assert {b'PLAIN', b'AMQPLAIN'} <= set(start.mechanisms.split())
    assert b'en_US' in start.locales.split()
    assert len(connection.methods(spec.Connection.OpenOk)) == 1
    assert connection.is_open


@covers('connection.start.server-properties', row='CON-03')
@pytest.mark.parametrize('property_name', ['product', 'version', 'platform', 'copyright', 'information',
                                           'cluster_name', 'capabilities'])
def test_server_properties(connection, property_name):
    assert connection.server_properties[property_name]


@covers('connection.start.server-properties', row='CON-04')
@pytest.mark.parametrize('capability', [
    'publisher_confirms', 'exchange_exchange_bindings', 'basic.nack', 'consumer_cancel_notify',
    'connection.blocked', 'consumer_priorities', 'authentication_failure_close', 'per_consumer_qos',
    'direct_reply_to'])
def test_server_capabilities(connection, capability):
    assert connection.server_properties['capabilities'][capability] is True


@covers('connection.start-ok.mechanism', 'connection.start-ok.response', row='CON-08')
def test_login_by_amqplain(connect):
    assert connect(credentials=Login('AMQPLAIN', amqplain(b'guest', b'guest'))).is_open


@covers('connection.start-ok.mechanism', 'connection.start-ok.response', 'connection.close', row='CON-10')
@pytest.mark.parametrize('credentials', [
    pika.PlainCredentials('guest', 'wrong'),
    pika.PlainCredentials('nobody', 'guest'),
    pika.PlainCredentials('guest', ''),
    Login('AMQPLAIN', amqplain(b'guest', b'wrong')),
], ids=['password', 'user', 'empty password', 'AMQPLAIN'])
def test_refused_login(connect, credentials):
    mechanism = getattr(credentials, 'mechanism', 'PLAIN')
    assert_close(refusal(connect, credentials=credentials), 403, LOGIN_REFUSED.format(mechanism), by=None)


@covers('connection.start-ok.client-properties', row='CON-10')
@tabmq_differs('RabbitMQ drops the socket silently after 3 s; TabMQ says why in a close frame')
def test_refused_login_without_the_capability(connect):
    close = refusal(connect, credentials=pika.PlainCredentials('guest', 'wrong'),
                    client_properties={'capabilities': {'authentication_failure_close': False}})
    assert close.reply_code == 403


@covers('connection.start-ok.mechanism', row='CON-11')
@tabmq_differs('RabbitMQ drops the socket silently after 3 s; TabMQ says why in a close frame')
def test_unknown_mechanism(connect):
    assert refusal(connect, credentials=Login('NOPE', b'')).reply_code == 503


@covers('connection.start-ok.response', row='CON-07')
@tabmq_differs('RabbitMQ resets the socket; TabMQ says why in a close frame')
@pytest.mark.parametrize('response', [b'', b'guest', b'\0guest'])
def test_malformed_plain_response(connect, response):
    assert refusal(connect, credentials=Login('PLAIN', response)).reply_code in (403, 501, 502)


@covers('connection.start-ok.locale')
def test_locale(connect):
    assert connect(locale='en_US').is_open


@covers('connection.start-ok.client-properties')
def test_client_properties_of_every_kind(connect):
    properties = {'product': 'compliance', 'nested': {'list': [1, 'two', None, True]}, 'big': 2 ** 40}
    assert connect(client_properties=properties).is_open


@covers('connection.tune.channel-max', 'connection.tune.frame-max', 'connection.tune.heartbeat', row='CON-13')
def test_tune_offers_the_usual_values(connection):
    tune = connection.methods(spec.Connection.Tune)[0]
    assert (tune.channel_max, tune.frame_max, tune.heartbeat) == (2047, 131072, 60)


@covers('connection.tune-ok.channel-max', 'connection.tune-ok.frame-max', 'connection.tune-ok.heartbeat',
        row='CON-14')
def test_smaller_values_are_accepted(connect):
    tuned = connect(channel_max=10, frame_max=4096, heartbeat=30).tuned
    assert (tuned.channel_max, tuned.frame_max, tuned.heartbeat) == (10, 4096, 30)


@covers('connection.tune-ok.channel-max', 'connection.tune-ok.frame-max', row='CON-14')
@tabmq_differs('RabbitMQ 3.10 drops the socket silently; TabMQ closes with 530 as RabbitMQ 4 does')
@pytest.mark.parametrize('answer', [
    {'_channel_max': 4000}, {'_channel_max': 0}, {'_frame_max': 200000}, {'_frame_max': 0}, {'_frame_max': 100}],
    ids=str)
def test_refused_tuning(connect, answer):
    close = refusal(connect, tap=tuning(**answer))
    assert close.reply_code == 530
    assert close.reply_text.startswith(f'NOT_ALLOWED - negotiated {next(iter(answer))[1:]} = ')


@covers('connection.open.virtual-host', 'connection.close.reply-code', 'connection.close.reply-text',
        'connection.close.class-id', 'connection.close.method-id', row='CON-17')
def test_unknown_virtual_host(connect):
    close = refusal(connect, virtual_host='nope')
    assert_close(close, 530, 'NOT_ALLOWED - vhost nope not found', by='connection.open')


@covers('connection.close', 'connection.close-ok', row='CON-31')
def test_close_by_the_client(connect):
    connection = connect()
    connection.close(200, 'good bye')
    assert connection.is_closed
    assert len(connection.methods(spec.Connection.CloseOk)) == 1


@covers('connection.close', row='CON-31')
def test_close_ends_the_channels(connect, other_channel, queue):
    connection = connect()
    orders = queue()
    connection.channel().basic_consume(orders, lambda *_: None)
    assert other_channel.queue_declare(orders, passive=True).method.consumer_count == 1
    connection.close()
    assert other_channel.queue_declare(orders, passive=True).method.consumer_count == 0


@covers('connection.update-secret', 'connection.update-secret.new-secret', 'connection.update-secret.reason',
        'connection.update-secret-ok', row='CON-34')
def test_update_secret(connection, monkeypatch):

    class UpdateSecretOk(Raw):
        INDEX = 0x000A0047

        def __init__(self):
            super().__init__(10, 71)

        def decode(self, _encoded, _offset=0):
            return self

    monkeypatch.setitem(spec.methods, UpdateSecretOk.INDEX, UpdateSecretOk)
    connection._impl.callbacks.add(0, UpdateSecretOk, lambda *_: None)
    arguments = struct.pack('>I', 6) + b'secret' + b'\x06reason'
    connection._impl._send_method(0, Raw(10, 70, arguments))
    connection.wait_for(UpdateSecretOk)


@covers('channel.open', row='CON-27')
def test_more_channels_than_negotiated(connect):
    connection = connect(channel_max=2)
    connection.channel()
    connection.channel()
    # pika would refuse to open a third one itself.
    connection._impl.params.channel_max = 3
    with expect_connection_close(connection, 530, 'NOT_ALLOWED - number of channels opened (2) has reached '
                                                  'the negotiated channel_max (2)'):
        connection.channel(3)


@covers('queue.declare', row='CON-26')
def test_method_of_another_class_on_channel_0(connection):
    with expect_connection_close(connection, 504, 'CHANNEL_ERROR - unexpected method in connection state running',
                                 by='queue.declare'):
        connection._impl._send_method(0, spec.Queue.Declare(queue='nope'))


@covers('connection.close')
@tabmq_differs('RabbitMQ resets the socket; TabMQ says why in a close frame')
@pytest.mark.parametrize('ids', [(99, 1), (60, 99)])
def test_unknown_method(connection, channel, ids):
    with pytest.raises(ConnectionClosedByBroker):
        send(channel, Raw(*ids))
        connection.wait_until(lambda: connection.is_closed)
    assert connection.methods(spec.Connection.Close)[0].reply_code in (503, 540)


@covers('access.request', 'access.request-ok', 'access.request.realm', 'access.request.exclusive',
        'access.request.passive', 'access.request.active', 'access.request.write', 'access.request.read',
        'access.request-ok.ticket', row='CHN-04')
def test_access_request(channel):
    request = spec.Access.Request(realm='/data', exclusive=False, passive=True, active=True, write=True, read=True)
    assert call(channel, request, spec.Access.RequestOk).ticket == 1


@covers('connection.close')
def test_one_clients_error_leaves_others_alone(connection, channel, other_connection, other_channel):
    with expect_connection_close(connection, 540, 'NOT_IMPLEMENTED - prefetch_size!=0 (1)', by='basic.qos'):
        channel.basic_qos(prefetch_size=1)
    assert other_connection.is_open
    other_channel.exchange_declare('amq.direct', passive=True)


@covers('channel.close')
def test_one_channels_error_leaves_others_alone(connection, channel):
    neighbour = connection.channel()
    with expect_channel_close(channel, 404, "NOT_FOUND - no queue 'nope' in vhost '/'", by='queue.declare'):
        channel.queue_declare('nope', passive=True)
    neighbour.exchange_declare('amq.direct', passive=True)


@covers('connection.open')
def test_many_connections(connect):
    assert all(connect().is_open for _ in range(20))
