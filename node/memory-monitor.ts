import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { limits, type Cancel, type Clock } from '../core/index.ts';
import { nodeLimits } from './limits.ts';

/** The process as the monitor sees it; tests pass another. */
export interface Memory {
  /** Bytes that may be used at most. */
  readonly limitBytes: number;
  usedBytes(): number;
  /** Frees what nobody refers to any more. */
  collect(): void;
}

export interface MemoryMonitorOptions {
  readonly clock: Clock;
  readonly memory: Memory;
  /** The share of the limit at which the alarm begins. */
  readonly highWatermark: number;
  readonly setAlarm: (on: boolean) => void;
}

/**
 * Raises an alarm when too much memory is in use and ends it when that has passed. What is in use
 * includes garbage, and an idle process makes no garbage and so collects none: publishers that
 * wait for the alarm's end would wait for ever. So before it raises the alarm, and now and then
 * while it stands, the monitor has garbage collected and looks again.
 */
export class MemoryMonitor {
  readonly #options: MemoryMonitorOptions;
  readonly #alarmBytes: number;
  #raised = false;
  #collectedAt = -Infinity;
  #cancel: Cancel = () => {};

  constructor(options: MemoryMonitorOptions) {
    this.#options = options;
    this.#alarmBytes = options.memory.limitBytes * options.highWatermark;
    this.#wait();
  }

  stop(): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#options.clock.setTimer(nodeLimits.memoryCheckMs, () => {
      this.#check();
      this.#wait();
    });
  }

  #check(): void {
    if (!this.#isTooMuch()) return this.#set(false);
    if (this.#collect() || !this.#raised) this.#set(this.#isTooMuch());
  }

  #isTooMuch(): boolean {
    const share = this.#raised ? limits.memoryAlarmEndsBelow : 1;
    return this.#options.memory.usedBytes() > this.#alarmBytes * share;
  }

  /** Collects unless it did a moment ago, and answers whether it did. */
  #collect(): boolean {
    const now = this.#options.clock.now();
    if (now - this.#collectedAt < nodeLimits.memoryCollectMs) return false;
    this.#collectedAt = now;
    this.#options.memory.collect();
    return true;
  }

  #set(raised: boolean): void {
    if (raised === this.#raised) return;
    this.#raised = raised;
    this.#options.setAlarm(raised);
  }
}

/** The memory of this process: its heap and what lies beside it, bodies of messages above all. */
export function processMemory(): Memory {
  const heapBytes = getHeapStatistics().heap_size_limit;
  // 0 where the process is in no container that bounds it.
  const containerBytes = process.constrainedMemory() || Infinity;
  return {
    limitBytes: Math.min(heapBytes, containerBytes),
    usedBytes() {
      const { used_heap_size: heap, external_memory: besideHeap } = getHeapStatistics();
      return heap + besideHeap;
    },
    collect: garbageCollector(),
  };
}

/** V8's collector, which scripts see only under a flag; it may be set for one new context. */
function garbageCollector(): () => void {
  let collect: (() => void) | undefined;
  return () => {
    if (collect === undefined) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('gc') as () => void;
      setFlagsFromString('--no-expose-gc');
    }
    // What lies beside the heap is freed while the program runs on; a second collection first
    // waits for the end of that, and so what is measured afterwards is true.
    collect();
    collect();
  };
}
