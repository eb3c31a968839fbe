import {
  BufferPool, dissectFrames, PROTOCOL_HEADER, summarize, writeMethod, Writer,
} from 'tabmq/protocol';

// Nothing between you and the broker: one WebSocket, and frames that you write yourself.
const socket = new WebSocket('ws://broker.tab/', 'amqp');
socket.binaryType = 'arraybuffer';
const writer = new Writer(new BufferPool(), (bytes) => socket.send(bytes));
const send = (channel, method, args) => {
  writeMethod(writer, channel, method, args);
  writer.flush();
};

const answers = {
  'connection.start': () => send(0, 'connection.start-ok', {
    clientProperties: {}, mechanism: 'PLAIN', locale: 'en_US',
    response: new TextEncoder().encode('\0guest\0guest'),
  }),
  'connection.tune': () => {
    send(0, 'connection.tune-ok', { channelMax: 10, frameMax: 131072, heartbeat: 0 });
    send(0, 'connection.open', { virtualHost: '/' });
  },
  'connection.open-ok': () => send(1, 'channel.open', {}),
  'channel.open-ok': () => send(1, 'basic.get', { queue: 'tasks', noAck: true }),
};

socket.onopen = () => socket.send(PROTOCOL_HEADER);
socket.onmessage = ({ data }) => {
  for (const frame of dissectFrames(new Uint8Array(data))) {
    console.log(summarize(frame));
    answers[frame.value]?.();
  }
};
