/** Where one message lies, when it lies in very many queues. */
import { expect, test } from 'vitest';
import { Entries } from '../../core/broker/message/entries.ts';
import { NO_ENTRY } from '../../core/broker/message/table.ts';
import { seededRandom } from '../support/fixture.ts';

test.each([5, 500])('each of %i entries is found, changed and taken out, in any order', (count) => {
  const entries = new Entries();
  const random = seededRandom(7);
  const there = new Map<number, number>();
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  for (const destination of numbers) {
    entries.add({ ...NO_ENTRY, destination });
    there.set(destination, 0);
  }
  for (let outCount = 1; there.size > 0; outCount++) {
    const destination = 1 + Math.floor(random() * count);
    if (there.has(destination)) there.set(destination, outCount);
    entries.replace({ ...NO_ENTRY, destination, outCount });
    const gone = outCount % 10 === 0 ? entries.pop()!.destination : 1 + Math.floor(random() * count);
    entries.remove(gone);
    there.delete(gone);
    if (outCount % 50 !== 1) continue;
    const found = numbers.map((each) => entries.find(each)?.outCount);
    expect(found).toEqual(numbers.map((each) => there.get(each)));
    expect(entries.all.length).toBe(there.size);
  }
});
