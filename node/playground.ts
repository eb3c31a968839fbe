import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { answerNotFound } from './http-text.ts';
import { encodingFor, isFresh, type Encoding } from './http-negotiation.ts';
import { archivedFiles, folderFiles, type SiteFiles } from './site-files.ts';

const textTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
const types: Readonly<Record<string, string>> = { ...textTypes, '.png': 'image/png' };

/** The rest of the page's policy is in its head, as every static host serves it. */
const pagePolicy = "frame-ancestors 'none'";
/** The broker's worker: client code has one of its own, which reaches nothing. */
const workerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'";

/** What the build puts beside a file, for those who take it so. */
const suffixes = { br: '.br', gzip: '.gz', identity: '' } as const;
const brotli = promisify(brotliCompress);
/** Where the build left nothing: well enough, since somebody waits. */
const compressors = {
  br: (bytes: Buffer) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: promisify(gzip),
} as const;

/** A file as it is sent. */
interface Body {
  readonly bytes: Buffer;
  readonly etag: string;
}

/**
 * The built playground, and its documentation in `docs`: static files, known by name from the
 * start, so that no other is served.
 */
export class Playground {
  readonly #files: SiteFiles;
  /** What was read once, by name, encoding, and what was written into it. */
  readonly #bodies = new Map<string, Promise<Body>>();

  constructor(files: string | SiteFiles) {
    this.#files = typeof files === 'string' ? folderFiles(files) : files;
  }

  /** The playground that was built with this gateway; undefined: it was not. */
  static installed(): Playground | undefined {
    const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
    // Beside the compiled gateway; or, where that runs from its source, where the build puts it.
    const folder = ['../demo', '../dist/demo'].map(pathOf)
      .find((each) => existsSync(join(each, 'sw.js')));
    const files = folder ?? archivedFiles(pathOf('../playground.br'));
    return files === undefined ? undefined : new Playground(files);
  }

  /**
   * Answers a GET for one of its files; false: it has none of this path, or not for this asker.
   * `urls`: where clients connect, which the page tells its reader.
   */
  answer(
    path: string, request: IncomingMessage, response: ServerResponse, urls: readonly string[] = [],
  ): boolean {
    // Who asks for `/` without a browser gets the words of the gateway.
    if (path === '/' && request.headers.accept?.includes('text/html') !== true) return false;
    const file = path.endsWith('/') ? `${path}index.html` : path;
    if (/\.(br|gz)$/.test(file)) return false;
    if (!this.#files.names.has(file)) return this.#leadsOn(path, response);
    const encoding = this.#encodingOf(file, request.headers['accept-encoding']);
    this.#bodyOf(file, encoding, urls).then(
      (body) => send(file, encoding, body, request, response),
      // A new build has taken the file away meanwhile.
      () => answerNotFound(response),
    );
    return true;
  }

  /** A folder that is asked for by its name alone: its page names others from within. */
  #leadsOn(path: string, response: ServerResponse): boolean {
    if (!this.#files.names.has(`${path}/index.html`)) return false;
    response.writeHead(301, { Location: `${path.slice(path.lastIndexOf('/') + 1)}/` }).end();
    return true;
  }

  #encodingOf(file: string, accepted: string | undefined): Encoding {
    if (!isText(file)) return 'identity';
    return encodingFor(accepted, ['br', 'gzip']);
  }

  #bodyOf(file: string, encoding: Encoding, urls: readonly string[]): Promise<Body> {
    const port = file === '/index.html' ? amqpPortOf(urls) : '';
    const key = `${encoding} ${port} ${file}`;
    const known = this.#bodies.get(key);
    if (known !== undefined) return known;
    const body = file === '/index.html' ? this.#page(encoding, port) : this.#file(file, encoding);
    this.#bodies.set(key, body);
    body.catch(() => this.#bodies.delete(key));
    return body;
  }

  async #file(file: string, encoding: Encoding): Promise<Body> {
    const compressed = file + suffixes[encoding];
    const isThere = this.#files.names.has(compressed);
    const read = await this.#files.read(isThere ? compressed : file);
    const bytes = isThere || encoding === 'identity' ? read : await compressors[encoding](read);
    return { bytes, etag: etagOf(bytes) };
  }

  /** The page knows the port, which is known only once the gateway listens. */
  async #page(encoding: Encoding, port: string): Promise<Body> {
    const html = (await this.#files.read('/index.html')).toString();
    const text = html.replace('name="amqp-port" content=""', `name="amqp-port" content="${port}"`);
    const plain = Buffer.from(text);
    const bytes = encoding === 'identity' ? plain : await compressors[encoding](plain);
    return { bytes, etag: etagOf(bytes) };
  }
}

function amqpPortOf(urls: readonly string[]): string {
  const url = urls.find((one) => one.startsWith('amqp://'));
  return url === undefined ? '' : new URL(url.replace(/^amqp/, 'http')).port || '80';
}

/** Each encoding of a file has one of its own, as its bytes are others. */
function etagOf(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
}

function isText(file: string): boolean {
  return textTypes[extname(file)] !== undefined;
}

function send(
  file: string, encoding: Encoding, { bytes, etag }: Body, request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = headersOf(file, encoding, etag);
  if (isFresh(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function headersOf(file: string, encoding: Encoding, etag: string): Record<string, string> {
  const extension = extname(file);
  return {
    'Content-Type': types[extension] ?? 'application/octet-stream',
    ...(encoding !== 'identity' && { 'Content-Encoding': encoding }),
    ...(isText(file) && { Vary: 'Accept-Encoding' }),
    ETag: etag,
    // The names of assets hold a hash of what is in them.
    'Cache-Control': file.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    ...(extension === '.html' && { 'Content-Security-Policy': pagePolicy }),
    ...(extension === '.js' && { 'Content-Security-Policy': workerPolicy }),
  };
}
