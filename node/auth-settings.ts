import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { codeOf } from './start-error.ts';

/** Who may be asked about a login. */
export const authSources = ['internal', 'oauth2', 'http'] as const;
export type AuthSource = (typeof authSources)[number];

const text = v.pipe(v.string(), v.nonEmpty());
const texts = v.pipe(v.union([text, v.array(text)]), v.transform((given) => [given].flat()));
const httpUrl = v.pipe(text, v.url(), v.regex(/^https?:/));
const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(86_400));

const tokenKey = v.union([
  v.strictObject({ pem: text }),
  v.strictObject({ file: text }),
  v.strictObject({ secret: text }),
  v.strictObject({ jwk: v.looseObject({ kty: text }) }),
]);

const oauth2Schema = v.strictObject({
  resourceServerId: text,
  audience: v.optional(text),
  verifyAudience: v.optional(v.boolean(), true),
  issuer: v.optional(text),
  jwksUrl: v.optional(httpUrl),
  keys: v.optional(v.record(text, tokenKey), {}),
  defaultKey: v.optional(text),
  algorithms: v.optional(v.array(text)),
  scopePrefix: v.optional(v.string()),
  scopeAliases: v.optional(v.record(text, texts), {}),
  additionalScopesKey: v.optional(texts, []),
  userClaims: v.optional(v.array(text), ['client_id', 'sub']),
});

const httpAuthSchema = v.strictObject({
  userUrl: httpUrl,
  vhostUrl: httpUrl,
  resourceUrl: httpUrl,
  topicUrl: httpUrl,
  method: v.optional(v.picklist(['get', 'post']), 'post'),
  cacheSeconds: v.optional(seconds, 15),
  timeoutSeconds: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(60)), 5),
});

/** How tokens of OAuth 2 are read. */
export type OAuth2Settings = v.InferOutput<typeof oauth2Schema>;
/** Which HTTP server is asked, and how. */
export type HttpAuthSettings = v.InferOutput<typeof httpAuthSchema>;

/** Reads an object, or the JSON file of this name. Throws a RangeError that names what is wrong. */
export function readOAuth2(given: unknown): OAuth2Settings {
  const settings = parsed(oauth2Schema, objectOf(given));
  if (settings.jwksUrl !== undefined || Object.keys(settings.keys).length > 0) return settings;
  throw new RangeError("needs 'jwksUrl' or 'keys', or no token could be checked");
}

/** The same for the HTTP server; where only its URL is given, the four questions stand below it. */
export function readHttpAuth(given: unknown): HttpAuthSettings {
  if (typeof given !== 'string' || !/^https?:/.test(given)) {
    return parsed(httpAuthSchema, objectOf(given));
  }
  const base = given.replace(/\/$/, '');
  return parsed(httpAuthSchema, {
    userUrl: `${base}/user`, vhostUrl: `${base}/vhost`, resourceUrl: `${base}/resource`,
    topicUrl: `${base}/topic`,
  });
}

function objectOf(given: unknown): unknown {
  if (typeof given !== 'string' || given === '') return given;
  try {
    return JSON.parse(readFileSync(given, 'utf8'));
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new RangeError(`names ${given}, which cannot be read: ${reason}`);
  }
}

function parsed<S extends v.GenericSchema>(schema: S, given: unknown): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, given);
  if (success) return output;
  const [issue] = issues;
  const path = v.getDotPath(issue!);
  throw new RangeError(`is wrong${path === null ? '' : ` at '${path}'`}: ${issue!.message}`);
}
