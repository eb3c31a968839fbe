/** Any order of appends, groups, rotations, trims, closes and crashes, against a list of what was appended. */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import {
  RecordGroup, segmentNumberOf, type Lsn, type SegmentJournal,
} from '../../core/storage/index.ts';
import { Bench, bytesOf, entriesOf, textOf, type Entry } from './disk.ts';

type Operation =
  | { readonly kind: 'append'; readonly sizes: readonly number[] }
  | { readonly kind: 'settle' | 'rotate' | 'hold' | 'reopen' }
  | { readonly kind: 'trim'; readonly share: number }
  | { readonly kind: 'read'; readonly share: number }
  | { readonly kind: 'full'; readonly on: boolean }
  | { readonly kind: 'crash'; readonly seed: number };

const share = fc.double({ min: 0, max: 0.99, noNaN: true });
const sizes = fc.array(fc.oneof({ weight: 5, arbitrary: fc.nat(40) }, fc.nat(1500), fc.constant(6000)), {
  minLength: 1, maxLength: 5,
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), sizes }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('settle', 'rotate', 'hold', 'reopen') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), seed: fc.nat() }) },
);

/** The journal and what it must hold. */
class Model {
  readonly bench = new Bench();
  /** What was appended, group by group, oldest first. */
  units: Entry[][] = [];
  /** Everything below was trimmed, and may be there or not. */
  trimmedBelow: Lsn = 0;
  #journal!: SegmentJournal;
  #count = 0;
  #release = (): void => {};

  async start(): Promise<void> {
    this.#journal = await this.bench.open();
  }

  async run(operation: Operation): Promise<void> {
    const journal = this.#journal;
    switch (operation.kind) {
      case 'append': return this.#append(operation.sizes);
      case 'settle': return this.#settle();
      case 'rotate': return journal.rotate();
      case 'hold': return this.#hold();
      case 'trim': return this.#trim(operation.share);
      case 'read': return this.#read(operation.share);
      case 'full': return void (this.bench.disk.faults.full = operation.on);
      case 'reopen': return this.#reopen();
      case 'crash': return this.#crash(operation.seed);
    }
  }

  async finish(): Promise<void> {
    await this.#reopen();
    await this.bench.close(this.#journal);
    expect(this.bench.clock.pending).toBe(0);
  }

  #append(sizes: readonly number[]): void {
    const texts = sizes.map((size) => `${this.#count++}`.padEnd(size, '.'));
    const lsns = this.#journal.appendAll(RecordGroup.of(texts.map(bytesOf)));
    expect(lsns[0]).toBeGreaterThan(this.units.at(-1)?.at(-1)?.lsn ?? 0);
    expect(this.#journal.last).toBe(lsns.at(-1));
    this.units.push(texts.map((text, index) => ({ lsn: lsns[index]!, text })));
  }

  /** Lets everything become durable that waits. */
  async #settle(): Promise<void> {
    this.bench.disk.faults.full = false;
    this.bench.disk.faults.syncHold = undefined;
    this.#release();
    this.bench.clock.advanceBy(5000);
    await this.bench.settle();
    expect(this.#journal.durable).toBe(this.#journal.last);
    expect(this.#journal.pendingBytes).toBe(0);
  }

  async #hold(): Promise<void> {
    this.bench.disk.faults.syncHold ??= new Promise((resolve) => (this.#release = resolve));
    await this.bench.settle();
  }

  async #read(share: number): Promise<void> {
    const kept = this.units.flat().filter(({ lsn }) => lsn >= this.trimmedBelow);
    const entry = kept[Math.floor(share * kept.length)];
    if (entry === undefined) return;
    const read = await this.#journal.read(entry.lsn);
    expect([textOf(read), textOf(this.#journal.peek(entry.lsn) ?? read)]).toEqual([entry.text, entry.text]);
  }

  #trim(share: number): void {
    const { segments } = this.#journal;
    const { number } = segments[Math.floor(share * (segments.length - 1))]!;
    this.#journal.trim(number);
    this.trimmedBelow = Math.max(this.trimmedBelow, number * 2 ** 24);
  }

  async #reopen(): Promise<void> {
    await this.#settle();
    await this.bench.close(this.#journal);
    await this.start();
    await this.#compare(Infinity);
    const [first] = this.units.flat();
    if (first !== undefined) expect(first.lsn).toBeGreaterThanOrEqual(this.trimmedBelow);
    expect(this.#journal.opened.torn).toBeUndefined();
  }

  async #crash(seed: number): Promise<void> {
    const { durable } = this.#journal;
    this.#release = () => {};
    this.#journal = await this.bench.crashAndOpen(seed);
    await this.#compare(durable);
    // What a crash brought back is there again, until it is trimmed once more.
    this.trimmedBelow = 0;
  }

  /** What is found is a piece of what was appended, of whole groups, with all that was durable and not trimmed. */
  async #compare(durable: Lsn): Promise<void> {
    const found = await entriesOf(this.#journal);
    const first = found[0]?.lsn ?? Infinity;
    const last = found.at(-1)?.lsn ?? 0;
    const lost = this.units.flat().filter(({ lsn }) => lsn < first && lsn >= this.trimmedBelow && lsn <= durable);
    expect(lost).toEqual([]);
    this.units = this.units.filter((unit) => unit[0]!.lsn >= first && unit[0]!.lsn <= last);
    expect(found).toEqual(this.units.flat());
    expect([this.#journal.last, this.#journal.durable]).toEqual([last, last]);
    const numbers = new Set(this.#journal.segments.map(({ number }) => number));
    for (const { lsn } of found.slice(0, 1)) expect(numbers).toContain(segmentNumberOf(lsn));
  }
}

/** A crash took back the durable mark of the segment that became the oldest one. */
const oldestWithoutMark: Operation[] = [
  ...[[6000, 0], [0], [6000, 0], [6000, 0]].map((sizes): Operation => ({ kind: 'append', sizes })),
  { kind: 'settle' },
  { kind: 'crash', seed: 0 },
  { kind: 'append', sizes: [0] },
  { kind: 'trim', share: 0.75 },
  ...[0, 0, 0].map((size): Operation => ({ kind: 'append', sizes: [size] })),
  { kind: 'full', on: false },
  { kind: 'append', sizes: [0] },
  { kind: 'full', on: false },
  ...[6000, 0].map((size): Operation => ({ kind: 'append', sizes: [size] })),
  { kind: 'crash', seed: 0 },
];

test('no durable record is lost, none is invented, no group is torn', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 80, size: 'max' }), async (operations) => {
      const model = new Model();
      await model.start();
      for (const each of operations) await model.run(each);
      await model.finish();
    }),
    { numRuns: 150, examples: [[oldestWithoutMark]] },
  );
});
