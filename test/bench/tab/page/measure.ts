/** The script of the page that measures, one rig after the other. */
import { rigs } from './rigs.ts';

/** Messages published in one go, as by a client that batches. */
const BURST = 500;
/** Messages that may be under way at once. */
const WINDOW = 10_000;

export interface Run {
  readonly rig: keyof typeof rigs;
  readonly total: number;
  readonly bodyBytes: number;
}

/** Messages a second from publish to deliver. */
export async function measure({ rig, total, bodyBytes }: Run): Promise<number> {
  let [published, delivered] = [0, 0];
  let finish = (): void => {};
  const all = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { publish, close } = await rigs[rig](new Uint8Array(bodyBytes).fill(120), () => {
    delivered++;
    if (delivered === total) finish();
    else if (delivered % BURST === 0) fill();
  });
  let filling = false;
  const fill = (): void => {
    if (filling) return;
    filling = true;
    while (published < total && published - delivered < WINDOW) {
      const count = Math.min(BURST, total - published);
      published += count;
      publish(count);
    }
    filling = false;
  };
  const start = performance.now();
  fill();
  await all;
  const seconds = (performance.now() - start) / 1000;
  await close();
  return total / seconds;
}
