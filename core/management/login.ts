import { defaultIfEmpty, firstValueFrom } from 'rxjs';
import type { Credentials, PeerInfo } from '../ports.ts';
import { decodeBase64 } from '../protocol/base64.ts';
import { utf8Text } from '../protocol/reader.ts';
import { badRequest, loginFailed } from './api-error.ts';
import { Caller } from './caller.ts';
import type { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** Nobody said who asks. */
export class NoCredentials extends Error {}

/** Who asks, by what the request brings along: a password, a token, or the cookie of a session. */
export async function callerOf(
  request: Request, peer: PeerInfo, world: World, sessions: Sessions, inQuery: string | undefined,
): Promise<Caller> {
  const authorization = request.headers.get('authorization');
  const credentials = authorization === null
    ? inQuery === undefined ? undefined : passwordIn(inQuery)
    : credentialsOf(authorization);
  if (credentials !== undefined) return authenticated(credentials, peer, world);
  const identity = sessions.identityOf(request);
  if (identity === undefined) throw new NoCredentials();
  return new Caller(identity);
}

/** Errors: 401, with the reason where the authenticator gives one. */
export async function authenticated(
  credentials: Credentials, peer: PeerInfo, { authenticator }: World,
): Promise<Caller> {
  const answer$ = authenticator.authenticate(credentials, peer);
  const answer = await firstValueFrom(answer$.pipe(defaultIfEmpty(undefined)));
  if (answer === undefined) throw loginFailed();
  if ('refused' in answer) throw loginFailed(answer.refused);
  return new Caller(answer);
}

/** Mechanism of a token of OAuth 2: it stands where a password would. */
const BEARER = 'BEARER';

function credentialsOf(authorization: string): Credentials {
  const [, scheme = '', value = ''] = /^(\S+) +(.*\S)\s*$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic': return passwordIn(value);
    case 'bearer': return { mechanism: BEARER, user: '', password: value };
    default: throw loginFailed();
  }
}

/** `name:password` in base64. [RFC 7617 2] */
function passwordIn(encoded: string): Credentials {
  const octets = decodeBase64(encoded);
  const text = octets && utf8Text(octets);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) {
    throw badRequest('the credentials are not "name:password" in base64');
  }
  return { mechanism: 'PLAIN', user: text.slice(0, colon), password: text.slice(colon + 1) };
}
