import { isLoopback } from './peer-address.ts';

/**
 * Which pages may open a WebSocket. A browser lets any page try, and says which one it was; so a
 * page from elsewhere must not reach a broker that trusts its own machine. WSK-13.
 */
export class OriginRule {
  readonly #allowed: ReadonlySet<string>;

  /** `allowed` are origins such as `https://app.example.com`, or `*` for all. */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = new Set(allowed.map(normalized));
  }

  /** Whether somebody allowed it by name, or all. */
  lists(origin: string): boolean {
    return this.#allowed.has('*') || this.#allowed.has(normalized(origin));
  }

  allows(origin: string | undefined, host: string | undefined): boolean {
    // Only browsers send it; other clients need no protection from the pages they show.
    if (origin === undefined) return true;
    if (this.lists(origin)) return true;
    const originHost = hostNameOf(origin);
    if (originHost === undefined) return false;
    return isLoopback(originHost) || originHost === hostNameOf(`http://${host}`);
  }
}

/** Whether `text` can be an origin in the list of allowed ones. */
export function isOrigin(text: string): boolean {
  return text === '*' || text === 'null' || /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+\/?$/i.test(text);
}

function normalized(origin: string): string {
  return origin.toLowerCase().replace(/\/$/, '');
}

/** The name or numeric address in a URL, without brackets. */
export function hostNameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return hostname === '' ? undefined : hostname.replace(/^\[|\]$/g, '');
}
