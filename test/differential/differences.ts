/**
 * Where TabMQ answers otherwise than RabbitMQ 3.10.8, on purpose. An entry whose transcript is RabbitMQ's own
 * again fails the test, so that this list stays the whole truth.
 */
export interface Difference {
  readonly case: string;
  /** The whole transcript that TabMQ gives. */
  readonly tabmq: readonly string[];
  readonly reason: string;
}

type Entry = readonly [testCase: string, ...tabmq: readonly string[]];

const because = (reason: string, ...entries: readonly Entry[]): Difference[] =>
  entries.map(([testCase, ...tabmq]) => ({ case: testCase, tabmq, reason }));

const tuneRefused = (field: string, value: number, bound: string): string =>
  `CONNECTION.CLOSE 530 "NOT_ALLOWED - negotiated ${field} = ${value} is ${bound}" class=10 method=31`;
const tooHigh = (field: string, value: number, maximum: number): string =>
  tuneRefused(field, value, `higher than the maximum allowed value (${maximum})`);
const tooLow = (value: number): string =>
  tuneRefused('frame_max', value, 'lower than the minimum allowed value (4096)');

const returned = (code: string, exchange: string, key: string, body: string): readonly string[] =>
  [`basic.return ${code} exchange="${exchange}" key="${key}"`, 'HEADER', `BODY "${body}"`];

const queue = 'queue.declare-ok p.q msgs=0 cons=0';
const tune = 'connection.tune channel-max=2047 frame-max=131072 heartbeat=60';
const deadOnce =
  '[{count: l:1, exchange: "", queue: "p.q", reason: "rejected", routing-keys: ["p.q"], time: T:<time>}]';
const firstDeath = 'x-first-death-exchange: "", x-first-death-queue: "p.q", x-first-death-reason: "rejected"';
const deadLetter = (tag: number): readonly string[] => [
  `basic.deliver ctag=dead tag=${tag} redelivered=0 exchange="" key="p.dl"`,
  `HEADER headers={x-death: ${deadOnce}, ${firstDeath}}`,
  'BODY "x"',
];
const filledStream = [
  'queue.declare-ok p.st msgs=0 cons=0', 'confirm.select-ok', 'basic.ack tag=1', 'basic.ack tag=2', 'basic.ack tag=3',
];
const replyAddress = 'amq.rabbitmq.reply-to.<token>';

export const differences: readonly Difference[] = [
  because('CON-01: AMQP 0-8 is not spoken; the answer is the version that is.',
    ['protocol header AMQP 0-8-0', 'protocol header AMQP 0 0 9 1', '<TCP closed>']),
  because('CON-10, NEW-16: a close frame tells why in place of three seconds of silence; every client reads it.',
    ['unknown SASL mechanism', 'CONNECTION.CLOSE 503 "COMMAND_INVALID - unknown authentication mechanism \'NOPE\';' +
      ' offered are PLAIN AMQPLAIN" class=10 method=11'],
    ['malformed PLAIN response', 'CONNECTION.CLOSE 502 "SYNTAX_ERROR - response is not of the form of the PLAIN' +
      ' mechanism" class=10 method=11'],
    ['connection.open instead of start-ok', 'CONNECTION.CLOSE 504 "CHANNEL_ERROR - unexpected method in connection' +
      ' state started" class=10 method=40'],
    ['channel.open instead of start-ok', 'CONNECTION.CLOSE 504 "CHANNEL_ERROR - unexpected method in connection' +
      ' state started" class=20 method=10']),
  because('QUE-28: what only a cluster heeds is ignored; RabbitMQ fails within.',
    ['queue.declare x-queue-master-locator="nope"', 'queue.declare-ok p.q7 msgs=0 cons=0']),
  because('QUE-29: a delivery limit that is no integer is refused, as RabbitMQ 4 does.',
    ['queue.declare quorum with a delivery-limit of another type', 'CHANNEL.CLOSE 406 "PRECONDITION_FAILED - invalid' +
      ' arg \'x-delivery-limit\' for queue \'p.qq\' in vhost \'/\': "expected integer, got longstr"" class=50' +
      ' method=10']),
  because('QUE-18: a key that would be cut to a short string is refused; RabbitMQ fails within when a message dies.',
    ['queue.declare x-dead-letter-routing-key of 300 octets', 'CHANNEL.CLOSE 406 "PRECONDITION_FAILED - the' +
      ' dead-letter routing key takes 300 octets, where 255 are allowed" class=50 method=10']),
  because('QUE-09: a binding is told from another by the value of an argument, not by its width, so that a client of' +
    ' another language can take it away.',
    ['queue.unbind with an argument of another width', 'exchange.declare-ok', queue, 'queue.bind-ok',
      'queue.unbind-ok', ...returned('312 NO_ROUTE', 'p.x', 'k', 'x'), 'basic.get-empty']),
  because('QUE-15: an expiration with a fraction is no integer; Erlang has words of its own for what is left over.',
    ['publish bad expiration "1.5"', 'CHANNEL.CLOSE 406 "PRECONDITION_FAILED - invalid expiration \'1.5\':' +
      ' no_integer" class=60 method=40']),
  because('BAS-01: the order of RabbitMQ 4, the expiration before the user.',
    ['order of checks: user-id and expiration', 'CHANNEL.CLOSE 406 "PRECONDITION_FAILED - invalid expiration \'abc\':' +
      ' no_integer" class=60 method=40']),
  because('BAS-26: the limit of the channel and that of the consumer are two; RabbitMQ 3.10 forgets the former.',
    ['qos global=false after qos global=true', 'delivered m1, taken m2']),
  because('CON-07: RFC 4616 allows an authorisation identity before the user.',
    ['PLAIN with an authorisation identity', tune]),
  because('CON-14: what RabbitMQ 4 answers, where 3.10 closes the TCP connection without a word.',
    ['tune-ok channel_max above server', tooHigh('channel_max', 65535, 2047)],
    ['tune-ok channel_max=0 (server 2047)', tooHigh('channel_max', 0, 2047)],
    ['tune-ok frame_max=0', tooHigh('frame_max', 0, 131072)],
    ['tune-ok frame_max above server', tooHigh('frame_max', 200000, 131072)],
    ['tune-ok frame_max below 4096/8192', tooLow(100)],
    ['tune-ok frame_max 4095', tooLow(4095)]),
  because('TOP-10: an unknown method gets a close frame, where RabbitMQ resets the TCP connection.',
    ['unknown class/method 99.1', 'CONNECTION.CLOSE 540 "NOT_IMPLEMENTED - unknown method 99.1" class=99 method=1'],
    ['unknown method 60.99', 'CONNECTION.CLOSE 540 "NOT_IMPLEMENTED - unknown method 60.99" class=60 method=99'],
    ['unknown method on channel 0', 'CONNECTION.CLOSE 540 "NOT_IMPLEMENTED - unknown method 10.99" class=10' +
      ' method=99']),
  because('NEW-16: arguments that do not parse are 502, the code AMQP has for it, and never a reset.',
    ['method frame shorter than its arguments', 'CONNECTION.CLOSE 502 "SYNTAX_ERROR - truncated arguments" class=50' +
      ' method=10'],
    ['table with an unknown field type', 'CONNECTION.CLOSE 502 "SYNTAX_ERROR - unknown field type 63" class=50' +
      ' method=10']),
  because('CON-23: what RabbitMQ 4 answers at once, where 3.10 waits for more and stumbles over the next frame.',
    ['body longer than announced', 'CONNECTION.CLOSE 501 "FRAME_ERROR - content body frame exceeds remaining content' +
      ' size: 3 bytes where 1 were left" class=60 method=40']),
  because('CON-28: a channel that is closed is silent; RabbitMQ lets out what is already on its way.',
    ['no basic.deliver follows the channel.close of the server', 'nothing after channel.close']),
  because('TOP-4: RabbitMQ 4 closes the channel only.',
    ['exchange.declare unknown type', 'CHANNEL.CLOSE 406 "PRECONDITION_FAILED - unknown exchange type \'nope\'"' +
      ' class=40 method=10']),
  because('BAS-06: a mandatory answer that is delivered is not returned as well.',
    ['direct reply-to, a mandatory answer', 'queue.declare-ok p.rpc msgs=0 cons=0', 'basic.consume-ok ctag=r',
      'basic.get-ok tag=1 redelivered=0 exchange="" key="p.rpc" msgs=0', `HEADER reply-to="${replyAddress}"`,
      'BODY "question"', `basic.deliver ctag=r tag=2 redelivered=0 exchange="" key="${replyAddress}"`, 'HEADER',
      'BODY "answer"']),
  because('QUE-22: as in RabbitMQ 3.13 and 4, the last death is told as well.',
    ['x-last-death headers', 'queue.declare-ok p.dl msgs=0 cons=0', queue,
      'basic.get-ok tag=1 redelivered=0 exchange="" key="p.q" msgs=0', 'HEADER', 'BODY "x"',
      'basic.consume-ok ctag=dead', ...deadLetter(2),
      'x-last-death-exchange="" x-last-death-queue="p.q" x-last-death-reason="rejected"']),
  because('QUE-33: as in RabbitMQ 4, where 3.10 fails within.',
    ['stream: an offset that is a word', ...filledStream, 'basic.qos-ok', 'CHANNEL.CLOSE 406 "PRECONDITION_FAILED - ' +
      'invalid arg \'x-stream-offset\' for queue \'p.st\' in vhost \'/\': ' +
      '{invalid_stream_offset_arg,{longstr,<<"soon">>}}" class=60 method=20'],
    ['stream: an offset that is a double 1.0', ...filledStream, 'basic.qos-ok', 'CHANNEL.CLOSE 406 ' +
      '"PRECONDITION_FAILED - invalid arg \'x-stream-offset\' for queue \'p.st\' in vhost \'/\': ' +
      '{invalid_stream_offset_arg,{double,1}}" class=60 method=20']),
  because('QUE-11: the count is that of the messages, where RabbitMQ always says 0 of a stream.',
    ['stream: deleted, whatever the conditions', ...filledStream, 'queue.delete-ok count=3']),
].flat();
