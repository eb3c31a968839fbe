/** Threads in which clients of scenarios run, each in a realm of its own as in a page. */
import { fileURLToPath } from 'node:url';
import { Worker, type TransferListItem } from 'node:worker_threads';
import { build } from 'esbuild';

/** Makes one script of a file and all that it imports, for threads to start with. */
export async function scriptOf(file: 'virtual-client.ts' | 'live-client.ts'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true, format: 'cjs', platform: 'node', write: false, logLevel: 'silent',
    // What makes `ws` faster where it is installed.
    external: ['bufferutil', 'utf-8-validate'],
  });
  return outputFiles[0]!.text;
}

/** Threads of one run: what none of them caught is kept for its end. */
export class Threads {
  readonly faults: unknown[] = [];
  readonly #script: string;
  readonly #workers = new Set<Worker>();

  constructor(script: string) {
    this.#script = script;
  }

  spawn(workerData: unknown, transferList: TransferListItem[] = []): Worker {
    const worker = new Worker(this.#script, { eval: true, workerData, transferList });
    worker.on('error', (error) => this.faults.push(error));
    worker.on('exit', () => this.#workers.delete(worker));
    this.#workers.add(worker);
    return worker;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }
}
