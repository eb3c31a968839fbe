/** Whether a page shows the broker that serves it, or one of its own in the tab. */
import { isShareLink } from '../share/hash.ts';
import { servedUrl } from '../shell/served-url.ts';

/** What follows the path of the page for the broker in the tab. */
export const TAB_SEARCH = '?tab';

/**
 * A page of a gateway shows that gateway. What is asked for by `?tab`, a lesson and what somebody
 * shared are of the tab.
 */
export function showsServer({ search, hash }: Location): boolean {
  const isOfTab = search === TAB_SEARCH || hash.startsWith('#/s/') || isShareLink(hash);
  return servedUrl() !== undefined && !isOfTab;
}
