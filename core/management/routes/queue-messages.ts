import * as v from 'valibot';
import { AmqpError } from '../../errors.ts';
import { badRequest, channelRefusalOf, notAuthorised, notFound } from '../api-error.ts';
import { integer, text } from '../body.ts';
import type { Call } from '../call.ts';
import { ackModes, getMessages } from '../get-messages.ts';
import { payloadToJson, propertiesToJson } from '../message-json.ts';
import { peek, unackedOf, type MessageView, type PeekOptions } from '../messages.ts';
import { unackedTable } from '../objects/unacked-table.ts';
import { deleteMessages, moveMessages } from '../removal.ts';
import { retryMessages } from '../retry.ts';
import { change, get, list, type Route } from '../route.ts';
import { usable } from './queues.ts';

const ONE = '/api/queues/:vhost/:queue';

const getBody = v.object({
  count: integer, ackmode: text, encoding: text, truncate: v.nullish(integer),
});

async function getSome(call: Call, body: v.InferOutput<typeof getBody>): Promise<unknown> {
  const { names, broker, caller } = call;
  const { ackmode, encoding, count, truncate } = body;
  if (!Object.hasOwn(ackModes, ackmode)) {
    throw badRequest(`ackmode must be one of ${Object.keys(ackModes).join(', ')}`);
  }
  if (encoding !== 'auto' && encoding !== 'base64') {
    throw badRequest('Unsupported encoding. Please use auto or base64.');
  }
  const vhost = broker.vhosts.get(names['vhost']!);
  if (vhost === undefined) throw notAuthorised();
  try {
    caller.guard(vhost.name).queue('read', call.name('queue'));
    const queue = usable(vhost.queue(call.name('queue')));
    if (queue.settings.type === 'stream') {
      throw new AmqpError('NOT_IMPLEMENTED', 'basic.get not supported by stream queues ' +
        queue.text);
    }
    return await getMessages(queue, {
      count, outcome: ackModes[ackmode as keyof typeof ackModes], encoding,
      truncate: truncate ?? undefined,
    });
  } catch (error) {
    if (!(error instanceof AmqpError)) throw error;
    if (error.replyName === 'ACCESS_REFUSED') throw notAuthorised(error.replyText);
    if (error.replyName === 'NOT_FOUND') throw notFound(error.replyText);
    throw channelRefusalOf(error);
  }
}

function peekOptions({ query }: Call): PeekOptions {
  const numberOf = (key: string): number | undefined => {
    const given = query.get(key) ?? '';
    return /^\d{1,15}$/.test(given) ? Number(given) : undefined;
  };
  const [from, count, payloadBytes] = [numberOf('from'), numberOf('count'), numberOf('payload')];
  const state = query.get('state');
  const isState = state === 'ready' || state === 'unacked' || state === 'scheduled';
  return {
    ...(from !== undefined && { from }),
    ...(count !== undefined && { count }),
    ...(payloadBytes !== undefined && { payloadBytes }),
    ...(isState && { state }),
  };
}

/** Over HTTP a message has RabbitMQ's names and a payload that is text. */
function messageInJson({ properties, payload, ...rest }: MessageView): object {
  return {
    ...rest, properties: propertiesToJson(properties), ...payloadToJson(payload, 'auto'),
  };
}

async function peekSome(call: Call): Promise<unknown> {
  const { guard, queue, broker, request } = call;
  guard.queue('read', queue.name);
  const messages = await peek(broker, queue, peekOptions(call));
  return request === undefined ? messages : messages.map(messageInJson);
}

const ids = v.array(v.string('the id of a message was expected'));
const report = v.array(v.object({ id: v.string(), outcome: v.string(), text: v.string() }));

/** Messages of queues. */
export const queueMessageRoutes: readonly Route[] = [
  change('POST', `${ONE}/get`, 'management', {
    says: 'Take messages, and give them back or not', body: getBody,
    answers: v.array(v.record(v.string(), v.unknown())),
  }, getSome),
  get(`${ONE}/messages`, 'vhost', {
    says: 'Show messages and leave them as they are', answers: v.array(v.any()),
    query: {
      state: 'ready, unacked or scheduled', from: 'position of the first one',
      count: 'how many at most', payload: 'octets of each body at most',
    },
  }, peekSome),
  change('POST', `${ONE}/messages/delete`, 'vhost', {
    says: 'Take single messages out for good', body: v.object({ ids }), answers: report,
  }, ({ broker, guard, queue }, body) => {
    guard.queue('read', queue.name);
    return deleteMessages(broker, queue, body.ids);
  }),
  change('POST', `${ONE}/messages/retry`, 'vhost', {
    says: 'Put dead letters back into the queues that they died in', answers: report,
    body: v.object({ ids: v.optional(ids) }),
  }, ({ broker, guard, vhost, queue }, body) => {
    guard.queue('read', queue.name);
    return retryMessages(broker, vhost, queue, body.ids, (name) => guard.queue('write', name));
  }),
  list(`${ONE}/unacked`, 'vhost', 'Messages that somebody holds, and for how long', unackedTable,
    ({ broker, queue }) => unackedOf(broker, queue)),
  change('POST', `${ONE}/messages/move`, 'vhost', {
    says: 'Put single messages into another queue', answers: report,
    body: v.object({ ids, to: v.string('the name of a queue was expected') }),
  }, ({ broker, guard, vhost, queue }, body) => {
    guard.queue('read', queue.name);
    const target = vhost.queue(body.to);
    guard.queue('write', target.name);
    return moveMessages(broker, queue, body.ids, target);
  }),
];
