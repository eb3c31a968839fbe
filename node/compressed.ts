import { Duplex } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import { encodingFor, type Encoding } from './http-negotiation.ts';
import { nodeLimits } from './limits.ts';

/** An answer made small on its way, where the asker takes that and it is worth it. */
export function compressed(request: Request, response: Response): Response {
  const { body, headers, status } = response;
  if (body === null || headers.has('content-encoding')) return response;
  const type = headers.get('content-type') ?? '';
  if (!/^(application\/json|text\/(html|plain|css))/.test(type)) return response;
  const length = headers.get('content-length');
  if (length !== null && Number(length) < nodeLimits.compressedBytesMin) return response;
  const accepted = request.headers.get('accept-encoding') ?? undefined;
  const encoding = encodingFor(accepted, ['br', 'gzip']);
  if (encoding === 'identity') return response;
  const made = new Headers(headers);
  made.set('content-encoding', encoding);
  made.delete('content-length');
  return new Response(body.pipeThrough(compressor(encoding)), { status, headers: made });
}

/** As `pipeThrough` takes it. */
interface Compressor {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

function compressor(encoding: Exclude<Encoding, 'identity'>): Compressor {
  const stream = encoding === 'gzip'
    ? createGzip()
    // The usual quality takes longer than the network saves.
    : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
  return Duplex.toWeb(stream) as unknown as Compressor;
}
