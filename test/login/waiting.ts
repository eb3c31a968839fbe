/** Waits for what comes from outside of the broker's clock: signatures, and servers that are asked. */
import type { TestChannel, TestClient } from '../support/test-client.ts';

/** Runs the client's clock, without moving its time, until `happened` says so; else the test's time is over. */
export async function until(client: TestClient, happened: () => boolean): Promise<void> {
  client.run();
  while (!happened()) {
    await new Promise((resolve) => void setImmediate(resolve));
    client.run();
  }
}

/** The client, once its connection is open or refused. */
export async function opened(client: TestClient): Promise<TestClient> {
  await until(client, () => client.end !== undefined || client.session.state === 'running');
  return client;
}

/** Waits until so many methods came on the channel, or it was closed. */
export function answered(channel: TestChannel, count: number): Promise<void> {
  return until(channel.client, () => channel.closed !== undefined || channel.received.length >= count);
}
