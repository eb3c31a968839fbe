/**
 * Says what went over one direction of a connection: `decode-capture.ts FILE` reads the octets as
 * they were captured, such as by "Follow TCP Stream" of Wireshark, saved raw. Without a file it
 * decodes the sample beside it. The file is read in pieces, of which none need end with a frame.
 */
import { createReadStream } from 'node:fs';
import { dissectFrames, FrameDecoder, summarize } from 'tabmq/protocol';

const file = process.argv[2] ?? new URL('capture.bin', import.meta.url);
const decoder = new FrameDecoder();

for await (const chunk of createReadStream(file, { highWaterMark: 100 })) {
  for (const { kind, offset, bytes } of decoder.feed(chunk as Uint8Array)) {
    console.log(offset, kind, summarize(dissectFrames(bytes)[0]!));
  }
  if (decoder.error !== undefined) break;
}

console.log(`${decoder.usedBytes} octets are whole frames, ${decoder.waitingBytes} are left`);
if (decoder.error !== undefined) console.log(`it breaks off there: ${decoder.error.message}`);
