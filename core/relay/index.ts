/** Relayed connections: the first handshake with a client, and then frames to a node and back. */
import { edge } from '../session/edge.ts';
import type { Serve } from '../ports.ts';
import type { RelayHost } from './relay-host.ts';
import { RelayedConnection } from './relayed-connection.ts';

export {
  isPattern, RuleFirewall, ruleFor, type ClientRule, type RuledClient,
} from './client-rule.ts';
export type { Firewall } from './firewall.ts';
export { RelayedConnection } from './relayed-connection.ts';
export type { RelayClient, RelayHost, RelayNode, UpstreamLogin } from './relay-host.ts';

/** Serves one client by a relay; `made` gets its connection. */
export function relayed(
  host: RelayHost, id: string, made: (connection: RelayedConnection) => void,
): Serve {
  return edge((sink, link) => {
    const connection = new RelayedConnection(host, id, sink, link);
    made(connection);
    return connection;
  });
}
