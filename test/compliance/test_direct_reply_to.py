"""direct reply-to: answers without a queue."""

import pika

from amqp import Inbox, covers, expect_channel_close, publish

REPLY_TO = 'amq.rabbitmq.reply-to'


def listen(channel):
    """An inbox for replies; the pseudo-queue cannot be settled by declaring it."""
    return Inbox(channel, REPLY_TO)


@covers('basic.properties.reply-to', 'basic.consume', 'basic.publish', row='BAS-06')
def test_request_and_reply(channel, other_channel, queue):
    requests = queue()
    replies = listen(channel)
    channel.basic_publish('', requests, b'question', pika.BasicProperties(reply_to=REPLY_TO, correlation_id='1'))
    method, properties, body = Inbox(other_channel, requests).wait(1)[0]
    assert (body, method.routing_key) == (b'question', requests)
    assert properties.reply_to.startswith(REPLY_TO + '.')
    publish(other_channel, properties.reply_to, b'answer', correlation_id=properties.correlation_id)
    method, properties, body = replies.wait(1)[0]
    assert (body, properties.correlation_id, method.consumer_tag) == (b'answer', '1', replies.tag)
    assert (method.exchange, method.redelivered) == ('', False)


@covers('basic.properties.reply-to', row='BAS-06')
def test_several_replies_to_one_request(channel, other_channel, queue):
    requests = queue()
    replies = listen(channel)
    channel.basic_publish('', requests, b'question', pika.BasicProperties(reply_to=REPLY_TO))
    address = Inbox(other_channel, requests).wait(1)[0][1].reply_to
    publish(other_channel, address, b'1', b'2', b'3')
    assert replies.wait(3).bodies == [b'1', b'2', b'3']


@covers('basic.properties.reply-to', row='BAS-06')
def test_publish_without_a_reply_consumer(channel, queue):
    requests = queue()
    with expect_channel_close(channel, 406, 'PRECONDITION_FAILED - fast reply consumer does not exist',
                              by='basic.publish'):
        channel.basic_publish('', requests, b'x', pika.BasicProperties(reply_to=REPLY_TO))


@covers('basic.consume.no-ack', row='BAS-06')
def test_reply_consumer_cannot_acknowledge(channel):
    with expect_channel_close(channel, 406, 'PRECONDITION_FAILED - reply consumer cannot acknowledge',
                              by='basic.consume'):
        Inbox(channel, REPLY_TO, auto_ack=False)


@covers('basic.consume', row='BAS-06')
def test_one_reply_consumer_a_channel(channel):
    listen(channel)
    with expect_channel_close(channel, 406, 'PRECONDITION_FAILED - reply consumer already set', by='basic.consume'):
        listen(channel)


@covers('basic.cancel', row='BAS-06')
def test_reply_consumer_again_after_cancel(channel):
    listen(channel).cancel()
    listen(channel)


@covers('basic.publish', 'channel.close', row='BAS-06')
def test_reply_to_a_closed_channel_is_lost(connection, channel, other_channel, queue):
    requests = queue()
    asking = connection.channel()
    listen(asking)
    asking.basic_publish('', requests, b'question', pika.BasicProperties(reply_to=REPLY_TO))
    address = Inbox(other_channel, requests).wait(1)[0][1].reply_to
    asking.close()
    publish(other_channel, address, b'too late')
    assert other_channel.is_open
