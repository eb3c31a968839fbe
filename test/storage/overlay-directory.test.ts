/** A directory that is looked at as if it were written: the same to its reader, and nothing changed below. */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { overlayDirectory, type Directory, type DirectoryFile } from '../../core/storage/index.ts';
import { MemoryDisk } from '../../core/testing/index.ts';

const size = fc.nat({ max: 40 });
const bytes = fc.uint8Array({ maxLength: 20 });
const step = fc.oneof(
  fc.record({ do: fc.constant('write' as const), bytes, position: size }),
  fc.record({ do: fc.constant('resize' as const), size }),
  fc.record({ do: fc.constant('read' as const), length: size, position: size }),
  fc.record({ do: fc.constant('reopen' as const) }),
);

function filledDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.put('a', Uint8Array.from({ length: 30 }, (_, index) => index + 1));
  disk.put('b', Uint8Array.of(1));
  return disk;
}

async function readText(file: DirectoryFile, length: number, position: number): Promise<string> {
  const target = new Uint8Array(length);
  const count = await file.read(target, position);
  return `${count} ${target.subarray(0, count).join(' ')}`;
}

test('what is read is what would be, had it been written', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
    const below = filledDisk();
    const directories: Directory[] = [filledDisk().open(), overlayDirectory(below.open())];
    let files = await Promise.all(directories.map((directory) => directory.open('a')));
    for (const each of steps) {
      if (each.do === 'write') await Promise.all(files.map((file) => file.write(each.bytes, each.position)));
      if (each.do === 'resize') await Promise.all(files.map((file) => file.resize(each.size)));
      if (each.do === 'reopen') files = await Promise.all(directories.map((directory) => directory.open('a')));
      const { length = 50, position = 0 } = each.do === 'read' ? each : {};
      const [plain, overlaid] = await Promise.all(files.map((file) => readText(file, length, position)));
      expect(overlaid).toBe(plain);
      expect(await files[1]!.size()).toBe(await files[0]!.size());
    }
    expect(below.bytes('a')).toEqual(filledDisk().bytes('a'));
  }));
});

test('files are made and removed for the reader alone', async () => {
  const below = filledDisk();
  const overlay = overlayDirectory(below.open());
  await (await overlay.create('c')).write(Uint8Array.of(7), 0);
  await overlay.remove('b');
  expect(await overlay.list()).toEqual(['a', 'c']);
  expect(await readText(await overlay.open('c'), 9, 0)).toBe('1 7');
  expect(await readText(await overlay.create('a'), 9, 0)).toBe('0 ');
  await overlay.remove('a');
  await overlay.create('a');
  expect(await overlay.list()).toEqual(['a', 'c']);
  expect(below.names).toEqual(['a', 'b']);
});
