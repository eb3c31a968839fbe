/** A service worker that runs a broker, and hands ports to the pages that ask for one. */
import { openBrokerHere } from 'tabmq/browser';

const broker = openBrokerHere();

addEventListener('message', async ({ ports }) => {
  const { dial } = await broker;
  ports[0]!.postMessage(undefined, [dial()]);
});
