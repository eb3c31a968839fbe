import type { ServerChannel } from '../../broker/connection/server-channel.ts';
import { done } from '../answer.ts';
import { notAuthorised, objectNotFound } from '../api-error.ts';
import type { Call } from '../call.ts';
import { channelName } from '../objects/endpoints.ts';
import { act, type Route } from '../route.ts';

function channelOf({ broker, names }: Call): ServerChannel {
  const wanted = names['channel']!;
  for (const { channels } of broker.connections) {
    for (const channel of channels) {
      if (channelName(channel) === wanted || channel.owner === wanted) return channel;
    }
  }
  throw objectNotFound();
}

/** Cancels a consumer as the deletion of its queue would: its client is told. */
function cancel(call: Call): unknown {
  const channel = channelOf(call);
  const { caller } = call;
  if (!caller.isAdministrator && channel.connection.identity.user !== caller.user) {
    throw notAuthorised('Not administrator user');
  }
  const tag = call.names['tag']!;
  const consumer = channel.consumers.get(tag);
  if (channel.vhost.name !== call.vhost.name || consumer === undefined) throw objectNotFound();
  consumer.unsubscribe();
  channel.consumerEnded(tag);
  return done;
}

/** What an operator does to consumers. */
export const consumerOrderRoutes: readonly Route[] = [
  act('DELETE', '/api/consumers/:vhost/:channel/:tag', 'vhost', {
    says: 'Cancel a consumer; what it holds stays with its channel',
  }, cancel),
];
