/** The client over TCP: one suite, which TabMQ and a real RabbitMQ must pass alike. */
import { describe } from 'vitest';
import { brokerKinds } from './brokers.ts';
import { connections } from './connections.ts';
import { consuming } from './consuming.ts';
import { errors } from './errors.ts';
import { publishing } from './publishing.ts';
import { recovery } from './recovery.ts';
import { requests } from './requests.ts';
import { Site } from './site.ts';
import { streams } from './streams.ts';

describe.each(brokerKinds)('the client on $product', (kind) => {
  const site = new Site(kind);
  connections(site);
  publishing(site);
  consuming(site);
  requests(site);
  errors(site);
  recovery(site);
  streams(site);
});
