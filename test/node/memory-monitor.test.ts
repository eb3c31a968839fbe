import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import { limits } from '../../core/index.ts';
import { nodeLimits } from '../../node/limits.ts';
import { MemoryMonitor, processMemory } from '../../node/memory-monitor.ts';

/** A process with 1000 bytes of memory, of which some are garbage. */
class FakeMemory {
  readonly limitBytes = 1000;
  liveBytes = 0;
  garbageBytes = 0;
  collections = 0;

  usedBytes(): number {
    return this.liveBytes + this.garbageBytes;
  }

  collect(): void {
    this.collections++;
    this.garbageBytes = 0;
  }
}

let clock: VirtualClock;
let memory: FakeMemory;
let alarms: boolean[];
let monitor: MemoryMonitor;

beforeEach(() => {
  clock = new VirtualClock();
  memory = new FakeMemory();
  alarms = [];
  monitor = new MemoryMonitor({ clock, memory, highWatermark: 0.6, setAlarm: (on) => alarms.push(on) });
});

const look = (): void => clock.advanceBy(nodeLimits.memoryCheckMs);

describe('the memory alarm', () => {
  test('begins above the watermark, once', () => {
    memory.liveBytes = 600;
    look();
    expect(alarms).toEqual([]);
    memory.liveBytes = 601;
    look();
    look();
    expect(alarms).toEqual([true]);
  });

  test('ends only well below the watermark', () => {
    memory.liveBytes = 700;
    look();
    memory.liveBytes = 600 * limits.memoryAlarmEndsBelow + 1;
    look();
    expect(alarms).toEqual([true]);
    memory.liveBytes = 600 * limits.memoryAlarmEndsBelow;
    look();
    expect(alarms).toEqual([true, false]);
    memory.liveBytes = 601;
    look();
    expect(alarms).toEqual([true, false, true]);
  });

  test('does not begin because of garbage', () => {
    memory.garbageBytes = 900;
    look();
    expect(alarms).toEqual([]);
    expect(memory.collections).toBe(1);
  });

  test('ends though nobody makes garbage any more that would have the old collected', () => {
    memory.liveBytes = 700;
    look();
    memory.liveBytes = 0;
    memory.garbageBytes = 700;
    look();
    expect(alarms).toEqual([true]);
    clock.advanceBy(nodeLimits.memoryCollectMs);
    expect(alarms).toEqual([true, false]);
  });

  test('does not have garbage collected all the time', () => {
    memory.liveBytes = 700;
    clock.advanceBy(20 * nodeLimits.memoryCollectMs);
    expect(memory.collections).toBeLessThanOrEqual(21);
    memory.liveBytes = 100;
    const { collections } = memory;
    clock.advanceBy(20 * nodeLimits.memoryCollectMs);
    expect(memory.collections).toBe(collections);
  });

  test('stays away once the monitor is stopped', () => {
    monitor.stop();
    memory.liveBytes = 1000;
    clock.advanceBy(10 * nodeLimits.memoryCheckMs);
    expect(alarms).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test('the memory of this process is measured with what lies beside the heap, and collected', () => {
  const memory = processMemory();
  const size = 64 * 1_048_576;
  memory.collect();
  const before = memory.usedBytes();
  let ballast: Uint8Array | undefined = new Uint8Array(size).fill(1);
  expect(memory.usedBytes() - before).toBeGreaterThan(0.9 * size * ballast[0]!);
  ballast = undefined;
  memory.collect();
  expect(memory.usedBytes() - before).toBeLessThan(0.1 * size);
  expect(memory.limitBytes).toBeGreaterThan(memory.usedBytes());
  expect(memory.limitBytes).toBeLessThan(Infinity);
});
