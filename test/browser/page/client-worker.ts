/** The script of a worker or shared worker in which clients run, with ports that it is handed. */
import { installTabWebSocket } from 'tabmq/browser';
import { bothClients } from './clients.ts';

interface Scope {
  onconnect: (event: MessageEvent) => void;
  onmessage: (event: MessageEvent) => void;
}

async function serve({ data, ports }: MessageEvent<number>): Promise<void> {
  const [answer, ...links] = ports;
  installTabWebSocket({ dial: () => links.shift()! });
  answer!.postMessage(await bothClients(data));
}

const scope = globalThis as unknown as Scope;
scope.onmessage = (event) => void serve(event);
scope.onconnect = ({ ports }) => {
  ports[0]!.onmessage = (event) => void serve(event);
};
