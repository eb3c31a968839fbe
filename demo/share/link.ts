/** A playground as the part of an address behind `#`, which no server ever sees. */
import { base64Url, bytesOfBase64Url } from '../port/base64.ts';
import { SHARE_PREFIX } from './hash.ts';
import { ShareError } from './reading.ts';
import { readShared, shareLimits, type Shared } from './shared.ts';

/** Not every browser in use can pack and unpack. */
export const canPack = globalThis.CompressionStream !== undefined;

/** `#v1.<base64url(deflate-raw(JSON))>`; undefined: it cannot be, or is too long for a link. */
export async function hashOf(shared: Shared): Promise<string | undefined> {
  if (!canPack) return undefined;
  const json = new Blob([JSON.stringify(shared)]);
  const deflated = json.stream().pipeThrough(new CompressionStream('deflate-raw'));
  const hash = SHARE_PREFIX + base64Url(await bytesOf(deflated));
  return hash.length <= shareLimits.linkChars ? hash : undefined;
}

/** Reads such a hash. Rejects with a ShareError, and never with anything else. */
export async function sharedIn(hash: string): Promise<Shared> {
  if (!hash.startsWith(SHARE_PREFIX)) {
    throw new ShareError('It was made by a newer playground: reload this page and try again.');
  }
  if (hash.length > shareLimits.linkChars) {
    throw new ShareError(`It has ${hash.length} characters, and ${shareLimits.linkChars} may be.`);
  }
  if (!canPack) {
    throw new ShareError('This browser has no DecompressionStream, so it can open files alone: ' +
      'ask for it as a file.');
  }
  const deflated = bytesIn(hash.slice(SHARE_PREFIX.length));
  return parseShared(await inflated(deflated));
}

/** Reads the text of a file. Throws a ShareError. */
export function parseShared(json: string): Shared {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ShareError('It is not whole: what is in it is no JSON.');
  }
  return readShared(value);
}

async function inflated(deflated: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  try {
    return new TextDecoder().decode(await bytesOf(stream, shareLimits.jsonBytes));
  } catch (error) {
    if (error instanceof ShareError) throw error;
    throw new ShareError('It is not whole: a part was cut off or changed on its way.');
  }
}

/** Stops at the limit: what would come after that is never unpacked. */
async function bytesOf(
  stream: ReadableStream<Uint8Array>, bytesMax = Infinity,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > bytesMax) {
      // Whoever made the stream may fail with this; that it ends is all that is wanted.
      void reader.cancel().catch(() => {});
      throw new ShareError(`It unpacks to more than ${bytesMax / 1_048_576} MiB.`);
    }
    chunks.push(value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function bytesIn(text: string): Uint8Array<ArrayBuffer> {
  try {
    return bytesOfBase64Url(text);
  } catch {
    throw new ShareError('It is not whole: it has characters that no such link has.');
  }
}
