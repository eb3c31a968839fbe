import { readFileSync } from 'node:fs';
import type { Authenticator, Clock } from '../core/index.ts';
import {
  httpLogin, loginChain, tokenLogin, TokenKeys, type ClaimRules, type StaticKey,
} from '../core/login/index.ts';
import type { AuthSource, HttpAuthSettings, OAuth2Settings } from './auth-settings.ts';
import { fetchJson, fetchText } from './fetch-text.ts';
import { nodeLimits } from './limits.ts';
import type { Log } from './log.ts';
import { StartError } from './start-error.ts';

/** Who is asked about logins, beside the users of the broker. */
export interface LoginSources {
  /** In this order. Default: the users of the broker, then whatever else is set. */
  readonly auth?: readonly AuthSource[] | undefined;
  readonly oauth2?: OAuth2Settings | undefined;
  readonly httpAuth?: HttpAuthSettings | undefined;
}

/** Everybody who is asked about a login, one after the other. `own` knows the broker's users. */
export function loginSources(
  { auth, oauth2, httpAuth }: LoginSources, clock: Clock, log: Pick<Log, 'write'>,
): (own: Authenticator) => Authenticator {
  const byTokens = oauth2 && byTokensOf(oauth2, clock);
  const byHttp = httpAuth && byHttpOf(httpAuth, clock, log);
  const order = auth ?? [
    'internal', ...(byTokens ? ['oauth2' as const] : []), ...(byHttp ? ['http' as const] : []),
  ];
  const isMissing = { internal: false, oauth2: !byTokens, http: !byHttp };
  const missing = order.find((source) => isMissing[source]);
  if (missing !== undefined) {
    const flag = missing === 'http' ? '--http-auth' : '--oauth2';
    throw new StartError(`Logins are to be asked of ${missing}: ${flag} has to say how.`);
  }
  return (own) => {
    const all = { internal: own, oauth2: byTokens!, http: byHttp! };
    const asked = order.map((source) => all[source]);
    return asked.length === 1 ? asked[0]! : loginChain(asked);
  };
}

function byTokensOf(settings: OAuth2Settings, clock: Clock): Authenticator {
  const { resourceServerId, verifyAudience, audience, userClaims } = settings;
  const rules: ClaimRules = {
    resourceServerId,
    audience: verifyAudience ? audience ?? resourceServerId : undefined,
    prefix: settings.scopePrefix ?? `${resourceServerId}.`,
    aliases: settings.scopeAliases,
    additionalScopesKeys: settings.additionalScopesKey,
    userClaims,
  };
  const { jwksUrl, issuer, algorithms, defaultKey } = settings;
  const keys = Object.fromEntries(Object.entries(settings.keys).map(([id, key]) => [
    id, 'file' in key ? { pem: pemOf(key.file) } : key as StaticKey,
  ]));
  const options = { keys, jwksUrl, issuer, algorithms, defaultKey };
  return tokenLogin(new TokenKeys(options, clock, fetchJson), rules, clock);
}

function pemOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`Cannot read the key of tokens ${path}: ${(error as Error).message}.`);
  }
}

function byHttpOf(
  settings: HttpAuthSettings, clock: Clock, log: Pick<Log, 'write'>,
): Authenticator {
  const { method, timeoutSeconds, cacheSeconds } = settings;
  let toldAt = -Infinity;
  const urls = {
    user: settings.userUrl, vhost: settings.vhostUrl, resource: settings.resourceUrl,
    topic: settings.topicUrl,
  };
  return httpLogin({
    clock,
    cacheMs: cacheSeconds * 1000,
    ask: (question, parameters) => {
      const form = new URLSearchParams(parameters);
      const url = new URL(urls[question]);
      const options = { timeoutMs: timeoutSeconds * 1000 };
      if (method === 'post') return fetchText(url.href, { ...options, method: 'POST', body: form });
      for (const [name, value] of form) url.searchParams.append(name, value);
      return fetchText(url.href, options);
    },
    onFailure: (err) => {
      // A crowd fills no log: it is told of now and then.
      if (clock.now() - toldAt < nodeLimits.strangersLogMs) return;
      toldAt = clock.now();
      log.write('gateway', 'warn', 'the authorization server does not answer', { err });
    },
  });
}
