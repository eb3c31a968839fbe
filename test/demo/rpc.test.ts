/** Calls and streams between a page and the worker of its broker. */
import { Subject } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { RpcClient, serveRpc } from '../../demo/port/rpc.ts';

test.each(['its port is closed', 'it is told that the page is gone'])('a stream ends when %s', async (how) => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const numbers$ = new Subject<number>();
  const end = serveRpc(port2, { calls: {}, streams: { numbers: () => numbers$ } });
  port2.start();
  const heard: number[] = [];
  new RpcClient(() => port1).stream<number>('numbers').subscribe((number) => heard.push(number));
  await expect.poll(() => numbers$.observed).toBe(true);
  numbers$.next(7);
  await expect.poll(() => heard).toEqual([7]);
  if (how === 'its port is closed') port1.close();
  else end();
  await expect.poll(() => numbers$.observed).toBe(false);
});
