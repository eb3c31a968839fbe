"""What pika lacks for looking a broker in the eye: every frame received, raw methods, expected closes."""

import contextlib
import time

import pika
import pytest
from pika import spec
from pika.adapters.select_connection import SelectConnection
from pika.amqp_object import Method
from pika.exceptions import ChannelClosedByBroker, ConnectionClosedByBroker

PATIENCE_SECONDS = 10


def covers(*names, row=None):
    """Names the methods and fields a test exercises ('queue.declare.passive') and the clause it proves."""
    return pytest.mark.covers(*names, row=row)


def tabmq_differs(reason):
    """Marks a deliberate difference: the test states TabMQ's answer and is not put to RabbitMQ."""
    return pytest.mark.tabmq_differs(reason)


class Tap(SelectConnection):
    """Keeps every frame before pika interprets it, also those of a handshake that fails."""

    received_by_the_last = []

    def __init__(self, *args, **kwargs):
        self.received = []
        self.on_frame = lambda: None
        Tap.received_by_the_last = self.received
        super().__init__(*args, **kwargs)

    def _process_frame(self, frame):
        self.received.append(frame)
        super()._process_frame(frame)
        self.on_frame()


class Connection(pika.BlockingConnection):
    """A blocking connection that can be asked what came in, and waits for it without sleeping."""

    def __init__(self, parameters, tap=Tap):
        super().__init__(parameters, _impl_class=tap)
        # A negative channel number wakes process_data_events and dispatches nothing.
        self._impl.on_frame = lambda: self._request_channel_dispatch(-1)
        self._publisher = None

    @property
    def publisher(self):
        """A channel in confirm mode: what it published has reached the queues when it returns."""
        if self._publisher is None or self._publisher.is_closed:
            self._publisher = self.channel()
            self._publisher.confirm_delivery()
        return self._publisher

    @property
    def frames(self):
        return self._impl.received

    @property
    def tuned(self):
        """The parameters after negotiation: frame_max, channel_max and heartbeat."""
        return self._impl.params

    @property
    def server_properties(self):
        return self.methods(spec.Connection.Start)[0].server_properties

    def methods(self, kind, channel=None):
        """The methods of a kind received so far, on one channel or on any."""
        return [frame.method for frame in self.frames
                if isinstance(getattr(frame, 'method', None), kind)
                and channel in (None, frame.channel_number)]

    def wait_until(self, condition, seconds=PATIENCE_SECONDS):
        deadline = time.monotonic() + seconds
        while not condition():
            remaining = deadline - time.monotonic()
            assert remaining > 0, f'waited {seconds} s in vain; last frames: {self.frames[-5:]}'
            self.process_data_events(time_limit=remaining)

    def wait_for(self, kind, channel=None, after=0):
        """Waits for the next method of a kind, past the first `after` ones, and returns it."""
        self.wait_until(lambda: len(self.methods(kind, channel)) > after)
        return self.methods(kind, channel)[after]


class Raw(Method):
    """A method that pika does not know, given by its index and its encoded arguments."""

    NAME = 'Raw'
    synchronous = False

    def __init__(self, class_id, method_id, arguments=b''):
        self.INDEX = class_id << 16 | method_id
        self.arguments = arguments

    def encode(self):
        return [self.arguments]


def send(channel, method, content=None):
    """Sends a method as it stands, with (properties, body) if it carries content."""
    channel._impl._send_method(method, content)


def call(channel, method, reply):
    """Sends a method as it stands and waits for its reply."""
    connection, number = channel.connection, channel.channel_number
    before = len(connection.methods(reply, number))
    channel._impl.add_callback(lambda _frame: None, [reply])
    send(channel, method)
    return connection.wait_for(reply, number, before)


def sync(channel):
    """A round trip: whatever the broker had to say about earlier methods has arrived after it."""
    channel.exchange_declare('amq.direct', passive=True)


def settle(channel, queue):
    """Two round trips through the queue: every delivery that was due has arrived after them."""
    for _ in range(2):
        result = channel.queue_declare(queue, passive=True)
    return result.method


def ready(channel, queue):
    """The count of ready messages."""
    return channel.queue_declare(queue, passive=True).method.message_count


def consumers(channel, queue):
    return channel.queue_declare(queue, passive=True).method.consumer_count


def publish(channel, queue, *bodies, exchange='', **properties):
    """Publishes bodies in order and confirmed, to a queue by name unless an exchange is given."""
    for body in bodies:
        channel.connection.publisher.basic_publish(exchange, queue, body, pika.BasicProperties(**properties))


def bodies_of(channel, queue):
    """Takes all ready messages of a queue with basic.get and returns their bodies."""
    bodies = []
    while True:
        method, _properties, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return bodies
        bodies.append(body)


class Inbox(list):
    """A consumer that keeps its deliveries as (method, properties, body) in the order they came."""

    def __init__(self, channel, queue, **options):
        super().__init__()
        self.channel = channel
        self.queue = queue
        options = {'auto_ack': True, **options}
        self.tag = channel.basic_consume(queue, lambda _channel, *delivery: self.append(delivery), **options)

    def wait(self, count):
        self.channel.connection.wait_until(lambda: len(self) >= count)
        return self

    def settled(self):
        """The deliveries once nothing more is under way."""
        settle(self.channel, self.queue)
        self.channel.connection.process_data_events()
        return self

    @property
    def bodies(self):
        return [body for _method, _properties, body in self]

    @property
    def tags(self):
        return [method.delivery_tag for method, _properties, _body in self]

    @property
    def redelivered(self):
        return [method.redelivered for method, _properties, _body in self]

    def cancel(self):
        self.channel.basic_cancel(self.tag)


def method_class(name):
    """'queue.declare-ok' -> spec.Queue.DeclareOk"""
    class_name, method_name = name.split('.')
    camel = ''.join(part.capitalize() for part in method_name.split('-'))
    return getattr(getattr(spec, class_name.capitalize()), camel)


def assert_close(close, code, text, by):
    assert (close.reply_code, close.reply_text) == (code, text)
    index = method_class(by).INDEX if by else 0
    assert (close.class_id, close.method_id) == (index >> 16, index & 0xFFFF)


@contextlib.contextmanager
def expect_channel_close(channel, code, text, by=None):
    """The broker closes the channel because of the method `by`, and leaves the connection open."""
    connection, number = channel.connection, channel.channel_number
    before = len(connection.methods(spec.Channel.Close, number))
    with pytest.raises(ChannelClosedByBroker):
        yield
        sync(channel)
    assert_close(connection.methods(spec.Channel.Close, number)[before], code, text, by)
    assert connection.is_open
    connection.channel().close()


@contextlib.contextmanager
def expect_connection_close(connection, code, text, by=None):
    """The broker closes the connection because of the method `by`."""
    with pytest.raises(ConnectionClosedByBroker):
        yield
        connection.wait_until(lambda: connection.is_closed)
    assert_close(connection.methods(spec.Connection.Close)[0], code, text, by)
