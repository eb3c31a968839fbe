import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** What no file of tests takes on the slowest machine, in milliseconds. */
const ENDLESS_MS = 15 * 60_000;

/**
 * Ends a run in which one file of tests does not end, and names it. The timeout of a test cannot:
 * it needs the event loop, which a loop without an end never gives back.
 */
export default class EndlessFiles implements Reporter {
  readonly #running = new Map<TestModule, NodeJS.Timeout>();

  onTestModuleStart(module: TestModule): void {
    const giveUp = (): never => {
      const minutes = ENDLESS_MS / 60_000;
      console.error(`${relative('', module.moduleId)} has run for ${minutes} minutes, and goes on`);
      process.exit(1);
    };
    this.#running.set(module, setTimeout(giveUp, ENDLESS_MS));
  }

  onTestModuleEnd(module: TestModule): void {
    clearTimeout(this.#running.get(module));
  }
}
