/** What HTTP asks a server to find out about whoever asks: RFC 9110, 12.5.3 and 13.1.2. */

export type Encoding = 'br' | 'gzip' | 'identity';

/** The first of what is offered that the asker takes most gladly; none: as it is. */
export function encodingFor(
  accepted: string | undefined, offered: readonly Exclude<Encoding, 'identity'>[],
): Encoding {
  const weights = weightsOf(accepted ?? '');
  let best: Encoding = 'identity';
  let bestWeight = 0;
  for (const encoding of offered) {
    const weight = weights.get(encoding) ?? weights.get('*') ?? 0;
    if (weight > bestWeight) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return best;
}

/** `br;q=0.5, gzip` as weights from 0 to 1. */
function weightsOf(accepted: string): ReadonlyMap<string, number> {
  return new Map(accepted.split(',').map((part): [string, number] => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.find((one) => one.startsWith('q='))?.slice(2) ?? '1';
    return [name, Number(weight) || 0];
  }));
}

/** Whether the asker has what has this tag. */
export function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
