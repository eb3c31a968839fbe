import {
  RecordGroup, segmentNumberOf, type Directory, type Journal, type Lsn, type SegmentJournal,
} from '../storage/index.ts';
import { check, checkEqual, checkRejects } from './expectation.ts';

/** A place where journals are kept, one after the other. */
export interface JournalStore {
  /** Opens the journal that is kept here. */
  open(): Promise<Journal>;
  /** The same, though it may be damaged. Absent: nothing can be damaged here. */
  salvage?(): Promise<SegmentJournal>;
  /** The files of the journal, while that is closed; to be given where there is a salvage. */
  files?(): Promise<Directory>;
  /** The program ends without closing its journal: what was not durable may be lost. */
  crash(journal: Journal): Promise<void>;
  /** Cleans up after a test, which closed its journal. */
  destroy(): Promise<void>;
}

export interface JournalSuite {
  /** Registers a test, as the `test` of most runners does. */
  test(name: string, run: () => Promise<void>): void;
  /** An empty store for one test, with segments of at least 4 KiB and at most 16 MiB. */
  make(): Promise<JournalStore>;
}

type Scenario = (store: JournalStore) => Promise<void>;

/** The acceptance tests of a journal: whatever passes them keeps what the broker writes. */
export function runJournalTests({ test, make }: JournalSuite): void {
  const scenarios = { ...appending, ...surviving, ...groups, ...segments, ...damage };
  for (const [name, run] of Object.entries(scenarios)) {
    test(name, async () => {
      const store = await make();
      try {
        await run(store);
      } finally {
        await store.destroy();
      }
    });
  }
}

const appending: Record<string, Scenario> = {
  'a new journal is empty': async (store) => {
    const journal = await store.open();
    checkEqual([journal.last, journal.durable, journal.pendingBytes], [0, 0, 0], 'the watermarks');
    checkEqual(journal.segments.length, 1, 'the number of segments');
    checkEqual(await replayed(journal), [], 'what is replayed');
    await journal.close();
  },
  'addresses rise, and the last one is known': async (store) => {
    const journal = await store.open();
    const lsns = texts(20).map((text) => journal.append(bytesOf(text)));
    check(lsns.every((lsn, index) => lsn > (lsns[index - 1] ?? 0)), 'addresses that rise');
    checkEqual(journal.last, lsns.at(-1), 'the last address');
    await journal.close();
  },
  'the watermark reaches what was appended': async (store) => {
    const journal = await store.open();
    const seen: Lsn[] = [];
    journal.onDurable((upTo) => seen.push(upTo));
    const lsn = texts(10).map((text) => journal.append(bytesOf(text))).at(-1)!;
    await durable(journal, lsn);
    checkEqual([journal.durable, seen.at(-1)], [lsn, lsn], 'the watermark');
    checkEqual(journal.pendingBytes, 0, 'the bytes that wait');
    await journal.close();
  },
  'who cancels is not called any more': async (store) => {
    const journal = await store.open();
    let calls = 0;
    const cancel = journal.onDurable(() => calls++);
    cancel();
    cancel();
    await durable(journal, journal.append(bytesOf('a')));
    checkEqual(calls, 0, 'the calls');
    await journal.close();
  },
  'a record is copied, and read back before and after it is durable': async (store) => {
    const journal = await store.open();
    const record = bytesOf('first');
    const lsn = journal.append(record);
    record.fill(0);
    checkEqual(textOf(await journal.read(lsn)), 'first', 'the record');
    await durable(journal, lsn);
    const copy = await journal.read(lsn);
    checkEqual(textOf(copy), 'first', 'the durable record');
    copy.fill(0);
    checkEqual(textOf(await journal.read(lsn)), 'first', 'the record after its copy was changed');
    await journal.close();
  },
  'a record that is at hand is peeked at, any other is not there': async (store) => {
    const journal = await store.open();
    const lsns = texts(100).map((text) => journal.append(bytesOf(text)));
    for (const [index, lsn] of lsns.entries()) {
      // What is not durable yet is in memory.
      checkEqual(textOf(journal.peek(lsn)!), texts(100)[index], 'the record that waits');
    }
    await durable(journal, lsns.at(-1)!);
    for (const [index, lsn] of lsns.entries()) {
      const record = journal.peek(lsn) ?? (await journal.read(lsn));
      checkEqual(textOf(record), texts(100)[index], 'the durable record');
    }
    journal.rotate();
    await durable(journal, journal.append(bytesOf('new')));
    journal.trim(segmentNumberOf(journal.last));
    checkEqual(journal.peek(lsns[0]!), undefined, 'what was trimmed');
    await journal.close();
  },
  'records of all sizes are read back, at random': async (store) => {
    const journal = await store.open();
    const sizes = [0, 1, 31, 32, 33, 1000, 4096, 70_000, 300_000, 5];
    const lsns = sizes.map((size) => journal.append(pattern(size)));
    await durable(journal, lsns.at(-1)!);
    for (const index of [9, 0, 7, 8, 1, 2, 6, 3, 5, 4]) {
      check(sameBytes(await journal.read(lsns[index]!), pattern(sizes[index]!)), 'the record');
    }
    await journal.close();
  },
  'many reads at once are answered each with its own record': async (store) => {
    const journal = await store.open();
    const lsns = texts(500).map((text) => journal.append(bytesOf(text)));
    await durable(journal, lsns.at(-1)!);
    const records = await Promise.all(lsns.map((lsn) => journal.read(lsn)));
    checkEqual(records.map(textOf), texts(500), 'the records');
    await journal.close();
  },
};

const surviving: Record<string, Scenario> = {
  'what was appended is replayed after a close, in order, where it lay': async (store) => {
    const journal = await store.open();
    const lsns = texts(1000).map((text) => journal.append(bytesOf(text)));
    await journal.close();
    await journal.close();
    const again = await store.open();
    const expected = texts(1000).map((text, index) => [lsns[index], text]);
    checkEqual(await replayed(again), expected, 'what is replayed');
    checkEqual([again.last, again.durable], [lsns.at(-1), lsns.at(-1)], 'the watermarks');
    checkEqual(textOf(await again.read(lsns[500]!)), 'record 500', 'a record');
    await again.close();
  },
  'a replay shows what there was at the opening, again and again': async (store) => {
    const first = await store.open();
    first.append(bytesOf('old'));
    await first.close();
    const journal = await store.open();
    await durable(journal, journal.append(bytesOf('new')));
    checkEqual((await replayed(journal)).map(([, text]) => text), ['old'], 'what is replayed');
    checkEqual((await replayed(journal)).map(([, text]) => text), ['old'], 'the second replay');
    await journal.close();
  },
  'a journal goes on where it ended, many times': async (store) => {
    const expected: [Lsn, string][] = [];
    for (const text of texts(8)) {
      const journal = await store.open();
      checkEqual(await replayed(journal), expected, 'what is replayed');
      const lsn = journal.append(bytesOf(text));
      check(lsn > (expected.at(-1)?.[0] ?? 0), 'an address above all others');
      expected.push([lsn, text]);
      await journal.close();
    }
  },
  'opening and closing alone changes nothing': async (store) => {
    const journal = await store.open();
    const lsn = journal.append(bytesOf('only'));
    await journal.close();
    const sizes = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const again = await store.open();
      checkEqual(await replayed(again), [[lsn, 'only']], 'what is replayed');
      sizes.add(JSON.stringify(again.segments));
      await again.close();
    }
    checkEqual(sizes.size, 1, 'the number of sizes it had');
  },
  'what is durable survives a crash': async (store) => {
    const journal = await store.open();
    const lsns = texts(50).map((text) => journal.append(bytesOf(text)));
    await durable(journal, lsns.at(-1)!);
    texts(50).map((text) => journal.append(bytesOf(text)));
    const count = lsns.length;
    await store.crash(journal);
    const again = await store.open();
    const found = await replayed(again);
    checkEqual(found.slice(0, count).map(([, text]) => text), texts(50), 'what was durable');
    const rest = found.slice(count).map(([, text]) => text);
    checkEqual(rest, texts(50).slice(0, rest.length), 'a beginning of what was not');
    await again.close();
  },
};

const groups: Record<string, Scenario> = {
  'a group lies in one piece and is replayed as its records': async (store) => {
    const journal = await store.open();
    const before = journal.append(bytesOf('before'));
    const lsns = journal.appendAll(RecordGroup.of(texts(5).map(bytesOf)));
    const after = journal.append(bytesOf('after'));
    checkEqual(journal.appendAll(new RecordGroup()), [], 'the addresses of no records');
    await journal.close();
    const again = await store.open();
    const group = texts(5).map((text, index) => [lsns[index], text]);
    const expected = [[before, 'before'], ...group, [after, 'after']];
    checkEqual(await replayed(again), expected, 'what is replayed');
    checkEqual(textOf(await again.read(lsns[3]!)), 'record 3', 'a record of the group');
    await again.close();
  },
  'after a crash a group is there or not': async (store) => {
    const journal = await store.open();
    for (let group = 0; group < 20; group++) {
      const records = texts(7).map((text) => bytesOf(`${group} ${text}`));
      const lsns = journal.appendAll(RecordGroup.of(records));
      if (group === 10) await durable(journal, lsns.at(-1)!);
    }
    await store.crash(journal);
    const again = await store.open();
    const found = (await replayed(again)).map(([, text]) => text);
    checkEqual(found.length % 7, 0, 'the records beyond whole groups');
    check(found.length >= 11 * 7, 'the groups that were durable');
    await again.close();
  },
  'a record and a group larger than a segment are kept': async (store) => {
    const journal = await store.open();
    const record = pattern(17_000_000);
    const first = journal.append(bytesOf('first'));
    const large = journal.append(record);
    const group = journal.appendAll(RecordGroup.of([bytesOf('a'), record, bytesOf('b')]));
    const last = journal.append(bytesOf('last'));
    await journal.close();
    const again = await store.open();
    const found: [Lsn, number][] = [];
    for await (const { lsn, record } of again.replay()) found.push([lsn, record.length]);
    const sizes = [5, record.length, 1, record.length, 1, 4];
    const expected = [first, large, ...group, last].map((lsn, index) => [lsn, sizes[index]]);
    checkEqual(found, expected, 'what is replayed');
    check(sameBytes(await again.read(group[1]!), record), 'the large record of the group');
    checkEqual(textOf(await again.read(group[2]!)), 'b', 'the record behind it');
    await again.close();
  },
};

const segments: Record<string, Scenario> = {
  'a rotation begins a segment with the next record': async (store) => {
    const journal = await store.open();
    journal.rotate();
    checkEqual(journal.segments.length, 1, 'the segments before the first record');
    journal.append(bytesOf('a'));
    journal.rotate();
    journal.rotate();
    const number = journal.segments.at(-1)!.number;
    const lsn = journal.append(bytesOf('b'));
    checkEqual(journal.segments.length, 2, 'the number of segments');
    check(journal.segments[0]!.number < number, 'numbers that rise');
    await journal.close();
    const again = await store.open();
    const after = again.replay(number);
    checkEqual(await texted(after), [[lsn, 'b']], 'what is replayed from the second segment on');
    await again.close();
  },
  'what is trimmed is gone, for good': async (store) => {
    const journal = await store.open();
    const lsns: Lsn[] = [];
    for (const text of texts(4)) {
      lsns.push(journal.append(bytesOf(text)));
      journal.rotate();
    }
    const kept = journal.append(bytesOf('kept'));
    await durable(journal, kept);
    journal.trim(journal.segments[3]!.number);
    checkEqual(journal.segments.length, 2, 'the number of segments');
    await checkRejects(journal.read(lsns[1]!), 'reading a record that was trimmed');
    checkEqual(textOf(await journal.read(lsns[3]!)), 'record 3', 'a record that was not');
    await journal.close();
    const again = await store.open();
    checkEqual(await replayed(again), [[lsns[3], 'record 3'], [kept, 'kept']], 'what is replayed');
    await again.close();
  },
  'the last segment is never trimmed, and addresses go on rising': async (store) => {
    const journal = await store.open();
    const first = journal.append(bytesOf('a'));
    journal.rotate();
    await durable(journal, first);
    journal.trim(Number.MAX_SAFE_INTEGER);
    checkEqual(journal.segments.length, 1, 'the number of segments');
    await journal.close();
    const again = await store.open();
    checkEqual(await replayed(again), [], 'what is replayed');
    check(again.append(bytesOf('b')) > first, 'an address above that of a trimmed record');
    await again.close();
  },
  'segments fill up, and a trim follows the writer': async (store) => {
    const journal = await store.open();
    const record = pattern(1_000_000);
    let lsn = 0;
    for (let count = 0; count < 40; count++) lsn = journal.append(record);
    check(journal.segments.length > 1, 'more than one segment');
    const { number } = journal.segments.at(-1)!;
    journal.trim(number);
    await durable(journal, lsn);
    await journal.close();
    const again = await store.open();
    checkEqual(again.segments.map((segment) => segment.number), [number], 'the segments');
    for await (const found of again.replay()) check(sameBytes(found.record, record), 'the record');
    await again.close();
  },
};

const damage: Record<string, Scenario> = {
  'a damaged end is told by file and messages, and a salvage keeps the rest': async (store) => {
    if (store.salvage === undefined) return;
    const journal = await store.open();
    // As the broker's record of a message begins.
    for (const text of texts(20)) await durable(journal, journal.append(bytesOf(`\t${text}`)));
    await journal.close();
    const name = await endWithZeros(await store.files!());
    await checkRejects(store.open(), 'opening a damaged journal');
    const salvaged = await store.salvage();
    const left = (await replayed(salvaged)).length;
    const [dropped, ...others] = salvaged.opened.dropped;
    checkEqual(others, [], 'other damage');
    checkEqual([dropped!.file, dropped!.messages], [name, 20 - left], 'what is damaged');
    check(left > 0 && left < 20 && dropped!.bytes > 0, 'a part of the messages');
    await salvaged.close();
    const again = await store.open();
    checkEqual((await replayed(again)).length, left, 'what is there from then on');
    await again.close();
  },
};

/** Zeros instead of the second half of the first segment; answers its name. */
async function endWithZeros(files: Directory): Promise<string> {
  const name = (await files.list()).filter((each) => each.endsWith('.segment')).sort()[0]!;
  const file = await files.open(name);
  const half = Math.floor((await file.size()) / 2);
  await file.write(new Uint8Array(half), (await file.size()) - half);
  await file.sync();
  await file.close();
  await files.close();
  return name;
}

/** Waits until a record is durable. */
function durable(journal: Journal, lsn: Lsn): Promise<void> {
  return new Promise((resolve, reject) => {
    if (journal.durable >= lsn) return resolve();
    journal.onDurable((upTo) => {
      if (upTo >= lsn) resolve();
    });
    journal.onTrouble((trouble) => {
      if (trouble.kind === 'failed') reject(new Error(trouble.text));
    });
  });
}

function replayed(journal: Journal): Promise<[Lsn, string][]> {
  return texted(journal.replay());
}

async function texted(records: ReturnType<Journal['replay']>): Promise<[Lsn, string][]> {
  const found: [Lsn, string][] = [];
  for await (const { lsn, record } of records) found.push([lsn, textOf(record)]);
  return found;
}

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `record ${index}`);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Bytes that differ from place to place. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + (index >>> 8);
  return bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
