/** The libraries that code can be written for, with a consumer in each to begin with. */
import type { ClientLibrary } from '../port/client-host.ts';

const files = import.meta.glob<string>('./templates/*.js', {
  query: '?raw', import: 'default', eager: true,
});

export const libraries: Readonly<Record<ClientLibrary, { title: string; code: string }>> = {
  '@cloudamqp/amqp-client': { title: 'amqp-client.js', code: template('amqp-client') },
  'tabmq/client': { title: 'TabMQ (RxJS)', code: template('tabmq-client') },
  'raw': { title: 'Raw frames', code: template('raw') },
};

function template(name: string): string {
  return files[`./templates/${name}.js`]!;
}
