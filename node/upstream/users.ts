import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { Identity } from '../../core/index.ts';
import { codeOf } from '../start-error.ts';

const text = v.pipe(v.string(), v.nonEmpty());
const schema = v.record(text, v.strictObject({ user: text, password: text }));

/** A user of the upstream by the name of one of this gateway; `*`: for whoever is not named. */
export type UpstreamUsers = v.InferOutput<typeof schema>;

/** A user of the upstream. */
export type UpstreamUser = UpstreamUsers[string];

/** Reads an object, or the JSON file of this name. Throws a RangeError that shows no password. */
export function readUpstreamUsers(given: unknown): UpstreamUsers {
  const { success, output, issues } = v.safeParse(schema, jsonOf(given));
  if (success) return output;
  const path = v.getDotPath(issues[0]!);
  throw new RangeError(`is wrong${path === null ? '' : ` at '${path}'`}: it is an object like `
    + '{"alice": {"user": "app", "password": "secret"}}');
}

/** Whom a login stands for at the upstream. */
export function userOf(users: UpstreamUsers, { user }: Identity): UpstreamUser | undefined {
  if (Object.hasOwn(users, user)) return users[user];
  return Object.hasOwn(users, '*') ? users['*'] : undefined;
}

/** What the file of this name holds; what is given as it is in a configuration file. */
export function jsonOf(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(readFileSync(given, 'utf8'));
  } catch (error) {
    // What a parser says of a file may show what is in it.
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : codeOf(error)
      || 'it is not JSON';
    throw new RangeError(`names ${given}, which cannot be read: ${reason}`, { cause: error });
  }
}
