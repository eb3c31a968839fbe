/** Code of clients that are made by hand. */
import type { FieldTable } from '../../../core/protocol/types.ts';

const head = `import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();
`;

/** A producer that sends a message each second; one without a place to send to waits for it. */
export function producerCode(exchange?: string, key = ''): string {
  return exchange === undefined ? head : `${head}\n${publishLine(exchange, key)}\n`;
}

/** A message by what an exchange looks at. */
export interface Sample {
  readonly key: string;
  readonly headers?: FieldTable;
}

/** A producer that sends one of the samples each second, in turn. */
export function samplesCode(exchange: string, samples: readonly Sample[]): string {
  return `${head}
const samples = ${JSON.stringify(samples, undefined, 2)};
let number = 0;
setInterval(() => {
  const { key, headers = {} } = samples[number % samples.length];
  number += 1;
  channel.basicPublish(${quote(exchange)}, key, \`message ${'${number}'}\`, { headers });
}, 1000);
`;
}

export function consumerCode(queue?: string): string {
  const prefetch = 'await channel.prefetch(5);\n';
  return `${head}${prefetch}${queue === undefined ? '' : `\n${consumeLine(queue)}\n`}`;
}

export function publishLine(exchange: string, key: string): string {
  return `setInterval(() => {
  channel.basicPublish(${quote(exchange)}, ${quote(key)}, 'hello');
}, 1000);`;
}

export function consumeLine(queue: string): string {
  return `await channel.basicConsume(${quote(queue)}, { noAck: false }, (message) => {
  console.log(message.bodyString());
  setTimeout(() => message.ack(), 500);
});`;
}

/** Text as it stands in code. */
function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
