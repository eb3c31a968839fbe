import { limits } from '../../limits.ts';
import { jsonText } from '../json.ts';
import type { Breathe, Shown } from './list.ts';

const utf8 = new TextEncoder();

/**
 * A list as JSON, made piece by piece as it is read: only some items are in memory at once, and
 * the broker has its turn between them.
 */
export function jsonStream<T>(shown: Shown<T>, breathe: Breathe): ReadableStream<Uint8Array> {
  const { items, page, render } = shown;
  let next = 0;
  const [before, behind] = page === undefined
    ? ['[', ']']
    : [`${jsonText(page).slice(0, -1)},"items":[`, ']}'];
  return new ReadableStream({
    start: (controller) => controller.enqueue(utf8.encode(before)),
    async pull(controller) {
      if (next > 0) await breathe();
      const slice = items.slice(next, next + limits.listSliceItems);
      const text = slice.map((item) => jsonText(render(item))).join(',');
      const isLast = next + slice.length >= items.length;
      controller.enqueue(utf8.encode(
        (next > 0 && slice.length > 0 ? ',' : '') + text + (isLast ? behind : '')));
      next += slice.length;
      if (isLast) controller.close();
    },
  });
}
