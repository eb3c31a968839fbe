import { queueRoute } from '../../port/queue-path.ts';
import type { App } from '../../shell/app.ts';
import { copyText } from '../../shell/clipboard.ts';
import { countText } from '../../shell/format.ts';
import type { Editing } from './editing.svelte.ts';
import type { Action } from './menu.svelte';
import type { Party, Thing } from './model.ts';
import type { Question } from './question.svelte';

/** How slow a client is made at first, in virtual milliseconds a message. */
const SLOW_MS = 500;

/** Where an action asks before it is done. */
export interface Asking {
  readonly publish: (exchange: string) => void;
  readonly confirm: (question: Question) => void;
}

/** What can be done with a thing, on its menu and in the table alike. */
export function actionsOf(
  thing: Thing, app: App, editing: Editing, ask: Asking,
): readonly Action[] {
  const remove: Action = {
    title: thing.kind === 'client' ? 'Remove' : 'Delete', danger: true,
    run: () => editing.remove(thing),
  };
  switch (thing.kind) {
    case 'queue': {
      const { vhost, messages, durable, exclusive } = thing.queue;
      return [
        { title: 'Peek', run: () => app.go(queueRoute(vhost, thing.name)) },
        { title: 'Publish to it', run: () => ask.publish('') },
        { title: 'Purge', danger: true, run: () => editing.purge(thing.name, messages) },
        ...(durable || exclusive ? [] : [durableAction(thing, editing, ask)]),
        { title: 'Copy as code', run: () => copy(queueCode(thing), editing) },
        remove,
      ];
    }
    case 'exchange': {
      const isOwn = thing.name !== '' && !thing.name.startsWith('amq.');
      return [
        { title: 'Publish to it', run: () => ask.publish(thing.name) },
        ...(thing.exchange.durable ? [] : [durableAction(thing, editing, ask)]),
        { title: 'Copy as code', run: () => copy(exchangeCode(thing), editing) },
        ...(isOwn ? [remove] : []),
      ];
    }
    case 'client':
      return [...clientActions(thing.party, app, editing, ask), remove];
  }
}

type Queue = Extract<Thing, { kind: 'queue' }>;
type Exchange = Extract<Thing, { kind: 'exchange' }>;

/** Nothing that is declared can become durable: it is deleted, and declared anew. */
function durableAction(thing: Queue | Exchange, editing: Editing, ask: Asking): Action {
  const { kind, name } = thing;
  return {
    title: 'Make durable …',
    run: () => ask.confirm({
      title: `Make ${name} durable?`,
      lines: [
        `AMQP cannot change what is declared: the ${kind} is deleted and declared anew, with the ` +
          'same arguments and bindings.',
        ...(thing.kind === 'queue' ? lossesOf(thing) : [
          'What is published to it in between closes the channel of its publisher with 404.',
        ]),
      ],
      confirm: 'Delete it and declare it durable',
      run: () => editing.makeDurable(thing),
    }),
  };
}

function lossesOf({ queue }: Queue): string[] {
  const { messages_ready: ready, messages_unacknowledged: unacked, consumers } = queue;
  const held = unacked === 0 ? '' : `, ${unacked} of them unacknowledged`;
  return [
    ready + unacked === 0 ? 'It is empty, so no message is lost.'
      : `Lost: its ${countText(ready + unacked, 'message')}${held}.`,
    ...(consumers === 0 ? [] : [
      `Its ${countText(consumers, 'consumer')} will be cancelled: restart those clients.`,
    ]),
  ];
}

function clientActions(
  { client }: Party, app: App, editing: Editing, ask: Asking,
): Action[] {
  const { clients } = app.port;
  if (client === undefined || clients === undefined) return [];
  const { name, status, delayMs } = client;
  if (status === 'killed' || status === 'failed') {
    return [{ title: 'Restart', run: () => clients.start(client) }];
  }
  const kind = /publish/i.test(client.code) ? 'producer' : 'consumer';
  const paused = status === 'paused';
  return [
    { title: 'Kill', danger: true, run: () => clients.kill(name) },
    { title: 'Restart', run: () => clients.start(client) },
    {
      title: paused ? `Let the ${kind} go on` : `Pause ${kind}`,
      run: () => clients.setPaused(name, !paused),
    },
    {
      title: 'Slow down …',
      run: () => ask.confirm({
        title: `Slow ${name} down`,
        lines: ['Each message to it, and each from it, takes so long on its line.'],
        amount: { label: 'Milliseconds a message', value: delayMs || SLOW_MS },
        confirm: 'Slow it down',
        run: (amount) => clients.setDelay(name, amount),
      }),
    },
    ...(delayMs === 0 ? [] : [{ title: 'Full speed', run: () => clients.setDelay(name, 0) }]),
    { title: 'Copy as code', run: () => copy(client.code, editing) },
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

async function copy(code: string, editing: Editing): Promise<void> {
  editing.say(await copyText(code, 'The code'));
}
