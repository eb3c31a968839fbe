import { limits } from '../limits.ts';
import { utf8Text } from '../protocol/reader.ts';
import { ApiError, badRequest } from './api-error.ts';
import type { Route } from './route.ts';

/**
 * What comes with a request, whatever type it says that it has: RabbitMQ does not look at that, and
 * tools leave it out. No body is an empty object. Errors: 400 where it is no JSON object.
 */
export async function bodyOf({ body, path }: Route, request: Request): Promise<unknown> {
  if (body === undefined) {
    await request.body?.cancel();
    return undefined;
  }
  const octets = await octetsOf(request);
  const type = request.headers.get('content-type') ?? '';
  const isOfDefinitions = path.startsWith('/api/definitions');
  if (isOfDefinitions && type.startsWith('multipart/form-data')) return fileIn(octets, type);
  // Elsewhere tools say of JSON that it is a form.
  if (path === '/api/login' && !type.startsWith('application/json')) return formIn(octets);
  return objectIn(octets, path);
}

/** Errors: 413 where there are too many. */
async function octetsOf({ body }: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (body !== null) {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > limits.apiBodyBytesMax) {
        throw new ApiError(413, 'payload_too_large',
          `a request may have ${limits.apiBodyBytesMax} octets`);
      }
      chunks.push(chunk);
    }
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function objectIn(octets: Uint8Array, path: string): unknown {
  if (octets.length === 0) return {};
  const value = parsed(utf8Text(octets) ?? '');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const reason = path.startsWith('/api/definitions') ? 'failed_to_parse_json' : 'not_json';
  throw badRequest(reason);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What a page uploads: the part `file`. */
async function fileIn(octets: Uint8Array<ArrayBuffer>, type: string): Promise<unknown> {
  let form: FormData;
  try {
    form = await new Response(octets, { headers: { 'content-type': type } }).formData();
  } catch {
    throw badRequest('the form cannot be read');
  }
  const file = form.get('file');
  if (file === null) throw badRequest('the form has no part "file"');
  const content = typeof file === 'string' ? file : await file.text();
  return objectIn(new TextEncoder().encode(content), '/api/definitions');
}

function formIn(octets: Uint8Array): unknown {
  return Object.fromEntries(new URLSearchParams(utf8Text(octets) ?? ''));
}
