/** Turns values into bodies, and back. */
export interface ContentCodec<T> {
  /** Goes into the property content-type. */
  readonly contentType: string;
  /** The value as octets; what it throws, the publish fails with. */
  encode(value: T): Uint8Array;
  /** Throws, where the body is not of this kind. */
  decode(body: Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Text in UTF-8. */
export const textCodec: ContentCodec<string> = {
  contentType: 'text/plain; charset=utf-8',
  encode: (text) => encoder.encode(text),
  decode: (body) => decoder.decode(body),
};

/** JSON in UTF-8. */
export const jsonCodec: ContentCodec<unknown> = {
  contentType: 'application/json',
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`${typeof value} is no JSON value`);
    return encoder.encode(text);
  },
  decode: (body) => JSON.parse(decoder.decode(body)) as unknown,
};

/** Body and content type of a value, to be spread into a message. */
export function encodeContent<T>(
  codec: ContentCodec<T>, value: T,
): { readonly body: Uint8Array; readonly properties: { readonly contentType: string } } {
  return { body: codec.encode(value), properties: { contentType: codec.contentType } };
}
