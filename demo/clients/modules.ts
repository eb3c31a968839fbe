/** What the code of a client may import. */
import * as amqpClient from '@cloudamqp/amqp-client';
import * as rxjs from 'rxjs';
import * as tabmqProtocol from '../../core/protocol/index.ts';
import * as tabmqClient from '../../browser/client.ts';
import type { Modules } from './module.ts';

export const modules: Modules = {
  '@cloudamqp/amqp-client': amqpClient,
  'tabmq/client': tabmqClient,
  'tabmq/protocol': tabmqProtocol,
  rxjs,
};
