import { readScopes, type ScopeRules, type Scopes } from './scopes.ts';

/** How the claims of tokens are read. */
export interface ClaimRules extends ScopeRules {
  /** Who a token has to be for, in its claim `aud`; undefined: for whoever it is. */
  readonly audience: string | undefined;
  /** The resource server, as claims with scopes for several name it. */
  readonly resourceServerId: string;
  /** Claims that hold further scopes; `a.b` is the claim `b` in `a`. */
  readonly additionalScopesKeys: readonly string[];
  /** Claims that name the user, the first that is there counts. */
  readonly userClaims: readonly string[];
}

/** What a token says, after its signature was found right. */
export type Claims = Readonly<Record<string, unknown>>;

/** A token, read. */
export interface Token extends Scopes {
  readonly user: string;
  /** Who it was made for: another one may not take its place. */
  readonly subject: string;
  /** Seconds since 1970; undefined: it never expires. */
  readonly expiresAtSeconds: number | undefined;
  readonly claims: Claims;
}

/** Reads the claims of a token; undefined: it is not for this broker. */
export function readClaims(claims: Claims, rules: ClaimRules): Token | undefined {
  const { audience, userClaims } = rules;
  if (audience !== undefined && !textsOf(claims['aud'], false).includes(audience)) return undefined;
  const user = userClaims.map((name) => claimAt(claims, name)).find(isText) ?? 'undefined';
  const { exp } = claims;
  return {
    user,
    subject: isText(claims['sub']) ? claims['sub'] : user,
    expiresAtSeconds: typeof exp === 'number' ? exp : undefined,
    claims,
    ...readScopes(scopesIn(claims, rules), rules),
  };
}

function scopesIn(
  claims: Claims, { additionalScopesKeys, resourceServerId }: ClaimRules,
): string[] {
  const additional = additionalScopesKeys.flatMap((key) => {
    const value = claimAt(claims, key);
    return isRecord(value) ? textsOf(value[resourceServerId]) : textsOf(value);
  });
  return [...textsOf(claims['scope']), ...additional, ...keycloakScopes(claims)];
}

/** Keycloak tells what it granted apart from `scope`. */
function keycloakScopes({ authorization }: Claims): string[] {
  const permissions = isRecord(authorization) ? authorization['permissions'] : undefined;
  if (!Array.isArray(permissions)) return [];
  return permissions.flatMap((each) => (isRecord(each) ? textsOf(each['scopes']) : []));
}

/** The claim of this name, or the one below others that a dotted name leads to. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** A text, split at spaces, or a list of texts. */
function textsOf(value: unknown, splits = true): string[] {
  if (Array.isArray(value)) return value.filter(isText);
  if (!isText(value)) return [];
  return splits ? value.split(/\s+/).filter((part) => part !== '') : [value];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
