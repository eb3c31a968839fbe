/** How much space V8 gives to young objects: it finds what is dead among them the sooner, the less there is. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const module = join(import.meta.dirname, '../../dist/node/young-objects.js');

/** Size of the space after much was allocated, some of which lived for a while. */
async function grown(prepare: string): Promise<number> {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { keepYoungSpaceSmall } from ${JSON.stringify(module)};
    ${prepare}
    for (let round = 0; round < 100; round++) {
      const kept = [];
      for (let count = 0; count < 20_000; count++) kept.push({ count, list: [count] });
    }
    console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);
  `;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath, ['--input-type=module', '--eval', program],
  );
  expect(stderr).toBe('');
  return Number(stdout);
}

test('the space for young objects stays small where it is asked for, and grows where it is not', async () => {
  const [kept, left] = [await grown('keepYoungSpaceSmall();'), await grown('')];
  expect(kept).toBeLessThanOrEqual(8 * 2 ** 20);
  expect(left).toBeGreaterThan(kept);
});
