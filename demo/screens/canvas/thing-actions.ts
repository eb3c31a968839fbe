import { queueRoute } from '../../port/queue-path.ts';
import type { App } from '../../shell/app.ts';
import type { Editing } from './editing.svelte.ts';
import type { Action } from './menu.svelte';
import type { Party, Thing } from './model.ts';

/** How much slower a client gets at once, in virtual milliseconds. */
const SLOWER_MS = 500;

/** What can be done with a thing, on its menu and in the table alike. */
export function actionsOf(
  thing: Thing, app: App, editing: Editing, ask: { publish: (exchange: string) => void },
): readonly Action[] {
  const remove: Action = {
    title: thing.kind === 'client' ? 'Remove' : 'Delete', danger: true,
    run: () => editing.remove(thing),
  };
  switch (thing.kind) {
    case 'queue':
      return [
        { title: 'Peek', run: () => app.go(queueRoute(thing.queue.vhost, thing.name)) },
        { title: 'Publish to it', run: () => ask.publish('') },
        { title: 'Purge', danger: true, run: () => editing.purge(thing.name) },
        { title: 'Copy as code', run: () => copy(queueCode(thing)) },
        remove,
      ];
    case 'exchange':
      return [
        { title: 'Publish to it', run: () => ask.publish(thing.name) },
        { title: 'Copy as code', run: () => copy(exchangeCode(thing)) },
        ...(thing.name === '' || thing.name.startsWith('amq.') ? [] : [remove]),
      ];
    case 'client':
      return [...clientActions(thing.party, app), remove];
  }
}

type Queue = Extract<Thing, { kind: 'queue' }>;
type Exchange = Extract<Thing, { kind: 'exchange' }>;

function clientActions({ client }: Party, app: App): Action[] {
  const { clients } = app.port;
  if (client === undefined || clients === undefined) return [];
  const { name, status, delayMs } = client;
  if (status === 'killed' || status === 'failed') {
    return [{ title: 'Restart', run: () => clients.start(client) }];
  }
  const paused = status === 'paused';
  return [
    { title: 'Kill', danger: true, run: () => clients.kill(name) },
    { title: 'Restart', run: () => clients.start(client) },
    { title: paused ? 'Go on' : 'Pause', run: () => clients.setPaused(name, !paused) },
    {
      title: `Slow down by ${SLOWER_MS} ms`,
      run: () => clients.setDelay(name, delayMs + SLOWER_MS),
    },
    ...(delayMs === 0 ? [] : [{ title: 'Full speed', run: () => clients.setDelay(name, 0) }]),
    { title: 'Copy its code', run: () => copy(client.code) },
  ];
}

function queueCode({ queue }: Queue): string {
  const { name, durable, auto_delete: autoDelete, arguments: table } = queue;
  const flags = JSON.stringify({ durable, autoDelete });
  return `await channel.queueDeclare(${JSON.stringify(name)}, ${flags}, ${JSON.stringify(table)});`;
}

function exchangeCode({ exchange }: Exchange): string {
  const { name, type, durable, auto_delete: autoDelete, arguments: table } = exchange;
  const flags = JSON.stringify({ durable, autoDelete });
  const names = `${JSON.stringify(name)}, ${JSON.stringify(type)}`;
  return `await channel.exchangeDeclare(${names}, ${flags}, ${JSON.stringify(table)});`;
}

function copy(text: string): Promise<void> {
  return navigator.clipboard.writeText(text);
}
