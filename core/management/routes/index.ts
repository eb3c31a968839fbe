import type { Route } from '../route.ts';
import { bindingRoutes } from './bindings.ts';
import { clusterRoutes } from './cluster.ts';
import { connectionRoutes } from './connections.ts';
import { consumerOrderRoutes } from './consumer-orders.ts';
import { consumerRoutes } from './consumers.ts';
import { definitionRoutes } from './definitions.ts';
import { eventRoutes } from './events.ts';
import { exchangeRoutes } from './exchanges.ts';
import { healthRoutes } from './health.ts';
import { limitRoutes } from './limits.ts';
import { loginRoutes } from './login.ts';
import { nodeRoutes } from './nodes.ts';
import { overviewRoutes } from './overview.ts';
import { parameterRoutes } from './parameters.ts';
import { permissionRoutes } from './permissions.ts';
import { policyRoutes } from './policies.ts';
import { queueRoutes } from './queues.ts';
import { queueMessageRoutes } from './queue-messages.ts';
import { userRoutes } from './users.ts';
import { vhostRoutes } from './vhosts.ts';

/** All that can be asked for. Of two paths that fit, the first counts. */
export const routes: readonly Route[] = [
  ...overviewRoutes, ...loginRoutes, ...nodeRoutes, ...healthRoutes, ...clusterRoutes,
  ...definitionRoutes, ...vhostRoutes, ...userRoutes, ...permissionRoutes, ...policyRoutes,
  ...parameterRoutes, ...limitRoutes, ...exchangeRoutes, ...queueRoutes, ...queueMessageRoutes,
  ...bindingRoutes, ...connectionRoutes, ...consumerRoutes,
  ...consumerOrderRoutes, ...eventRoutes,
];
