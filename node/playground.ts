import { createReadStream, existsSync, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** The rest of the page's policy is in its head, as every static host serves it. */
const pagePolicy = "frame-ancestors 'none'";
/** The broker's worker: client code has one of its own, which reaches nothing. */
const workerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'";

/** The built playground: static files, known by name from the start, so that no other is served. */
export class Playground {
  readonly #folder: string;
  readonly #files: ReadonlySet<string>;

  constructor(folder: string) {
    this.#folder = folder;
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    this.#files = new Set(files.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
      join(parentPath, name).slice(folder.length).split(sep).join('/').replace(/^\/?/, '/')));
  }

  /** The playground that was built with this gateway; undefined: it was not. */
  static installed(): Playground | undefined {
    // Beside the compiled gateway; or, where that runs from its source, where the build puts it.
    const folders = ['../demo', '../dist/demo'].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)));
    const folder = folders.find((each) => existsSync(join(each, 'sw.js')));
    return folder === undefined ? undefined : new Playground(folder);
  }

  /** Answers a GET for one of its files; false: it has none of this path, or not for this asker. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    // Who asks for `/` without a browser gets the words of the gateway.
    const isPage = path === '/' && request.headers.accept?.includes('text/html') === true;
    const file = isPage ? '/index.html' : path;
    if (!this.#files.has(file)) return false;
    response.writeHead(200, headersOf(file));
    if (request.method === 'HEAD') response.end();
    // A file that a new build has taken away meanwhile cuts this one answer short, and so does a
    // browser that leaves.
    else pipeline(createReadStream(join(this.#folder, file)), response, () => {});
    return true;
  }
}

function headersOf(file: string): Record<string, string> {
  const extension = extname(file);
  return {
    'Content-Type': types[extension] ?? 'application/octet-stream',
    // The names of assets hold a hash of what is in them.
    'Cache-Control': file.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    ...(file === '/index.html' && { 'Content-Security-Policy': pagePolicy }),
    ...(extension === '.js' && { 'Content-Security-Policy': workerPolicy }),
  };
}
