/** How the hash of a share link begins; the number changes with what is in it. */
export const SHARE_PREFIX = '#v1.';

export function isShareLink(hash: string): boolean {
  return /^#v\d+\./.test(hash);
}
