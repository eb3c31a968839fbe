/** The decoder that judges the broker's bytes: what it takes, and what it takes offence at. */
import { describe, expect, test } from 'vitest';
import { BufferPool } from '../../core/protocol/buffer-pool.ts';
import { writeMethod } from '../../core/protocol/codec.ts';
import { writeBody, writeContentHeader } from '../../core/protocol/properties.ts';
import { Writer } from '../../core/protocol/writer.ts';
import { StrictDecoder, type WireMethod } from '../../core/sim/strict-decoder.ts';

function written(write: (writer: Writer) => void): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new Writer(new BufferPool(), (batch) => batches.push(batch));
  write(writer);
  writer.flush();
  return Uint8Array.from(batches.flatMap((batch) => [...batch]));
}

function decode(...chunks: Uint8Array[]): WireMethod[] {
  const found: WireMethod[] = [];
  const decoder = new StrictDecoder('server', (method) => found.push(method));
  for (const chunk of chunks) decoder.feed(chunk);
  return found;
}

const delivery = written((writer) => {
  writeMethod(writer, 1, 'basic.deliver', {
    consumerTag: 'c', deliveryTag: 7, redelivered: true, exchange: '', routingKey: 'q',
  });
  writeContentHeader(writer, 1, 3, { messageId: 'm', headers: { list: [1, 'x', { deep: true }] } });
  writeBody(writer, 1, Uint8Array.of(1, 2, 3), 4096);
});
/** Where the frame of the method ends, and the content header begins. */
const methodEnd = 8 + new DataView(delivery.buffer).getUint32(3);
const qosOk = written((writer) => writeMethod(writer, 1, 'basic.qos-ok', {}));

describe('takes', () => {
  test('a method with its message, cut at any byte', () => {
    const whole = decode(delivery);
    expect(whole).toMatchObject([{
      channel: 1, name: 'basic.deliver', args: { deliveryTag: 7, redelivered: true, routingKey: 'q' },
      properties: { messageId: 'm', headers: { list: [1, 'x', { deep: true }] } }, body: Uint8Array.of(1, 2, 3),
    }]);
    for (let cut = 0; cut <= delivery.length; cut++) {
      expect(decode(delivery.subarray(0, cut), delivery.subarray(cut))).toEqual(whole);
    }
  });
});

describe('takes offence at', () => {
  function changed(bytes: Uint8Array, at: number, octet: number): Uint8Array {
    const copy = bytes.slice();
    copy[at < 0 ? copy.length + at : at] = octet;
    return copy;
  }
  const cases: [string, Uint8Array][] = [
    ['a frame without its end', changed(qosOk, -1, 0)],
    ['an unknown type of frame', changed(qosOk, 0, 4)],
    ['an unknown method', changed(qosOk, 10, 99)],
    ['a method of a channel on channel 0', changed(qosOk, 2, 0)],
    ['a method that only a client sends', written((writer) => writeMethod(writer, 1, 'tx.commit', {}))],
    ['octets behind the arguments', Uint8Array.of(1, 0, 1, 0, 0, 0, 5, 0, 60, 0, 11, 0, 0xce)],
    ['a bit that stands for nothing', written((writer) => writeMethod(writer, 1, 'channel.flow', { active: true }))
      .map((octet, index) => (index === 11 ? 3 : octet))],
    ['a message cut short by another method', Uint8Array.from([...delivery.subarray(0, methodEnd), ...qosOk])],
    ['a body that nothing asked for', Uint8Array.of(3, 0, 1, 0, 0, 0, 1, 65, 0xce)],
  ];
  test.each(cases)('%s', (_title, bytes) => {
    expect(() => decode(bytes)).toThrow(/decoder/);
  });
});
