/** What a scope allows to do. */
export type Permission = 'configure' | 'write' | 'read';

/** How the scopes of tokens are read. */
export interface ScopeRules {
  /** What a scope begins with that is meant for this broker. */
  readonly prefix: string;
  /** Scopes by the one that stands for them. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
}

/** What one scope of a token allows: `read:VHOST/NAME/ROUTINGKEY`, each with wildcards. */
export interface ScopePermission {
  readonly permission: Permission;
  readonly vhost: string;
  readonly name: string;
  /** Undefined: every routing key. */
  readonly routingKey: string | undefined;
}

/** What a token allows. */
export interface Scopes {
  readonly tags: readonly string[];
  readonly permissions: readonly ScopePermission[];
}

const permissionForm = /^(configure|write|read):([^/]+)\/([^/]+)(?:\/(.+))?$/s;

/**
 * Reads scopes as RabbitMQ's plugin does: aliases stand for others, those without the prefix are
 * somebody else's, and what is neither a tag nor a permission says nothing.
 */
export function readScopes(given: readonly string[], { prefix, aliases }: ScopeRules): Scopes {
  const tags = new Set<string>();
  const permissions: ScopePermission[] = [];
  for (const scope of given.flatMap((each) => (
    Object.hasOwn(aliases, each) ? [each, ...aliases[each]!] : [each]))) {
    if (!scope.startsWith(prefix)) continue;
    const own = scope.slice(prefix.length);
    if (own.startsWith('tag:')) tags.add(own.slice('tag:'.length));
    const [, permission, vhost, name, routingKey] = permissionForm.exec(own) ?? [];
    if (permission === undefined) continue;
    permissions.push({
      permission: permission as Permission, vhost: vhost!, name: name!, routingKey,
    });
  }
  return { tags: [...tags], permissions };
}

/** Values that stand for `{name}` in a pattern. */
export type Variables = (name: string) => string | undefined;

/** Parts of a pattern: a wildcard, a variable, an escaped octet run, or plain letters. */
const partForm = /\*|\{([^{}]+)\}|(?:%[\da-f]{2})+|[^*{%]+|[{%]/gis;

/**
 * Whether a text matches a pattern in which `*` is anything, `%2F` and the like are the octets
 * that they name, and `{vhost}` or `{claim}` is its value, letter by letter.
 */
export function matches(pattern: string, text: string, variables: Variables): boolean {
  const pieces: string[] = [''];
  for (const [part, variable] of pattern.matchAll(partForm)) {
    if (part === '*') pieces.push('');
    else pieces[pieces.length - 1] += valueOf(part, variable, variables);
  }
  return inOrder(pieces, text);
}

function valueOf(part: string, variable: string | undefined, variables: Variables): string {
  if (variable !== undefined) return variables(variable) ?? part;
  if (!part.startsWith('%') || part.length === 1) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Whether the pieces stand in the text in this order, the first and the last at its ends. */
function inOrder(pieces: readonly string[], text: string): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (pieces.length === 1) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return at <= end;
}
