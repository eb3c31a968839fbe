/**
 * Records the answers of a live RabbitMQ: `npx tsx test/differential/record.ts amqp://127.0.0.1:5673 [FILE]`.
 * RabbitMQ has the users of `access.json` before that: `rabbitmqctl import_definitions test/differential/access.json`.
 * Each case runs twice, and one whose two transcripts differ is told and not recorded: it would prove nothing.
 */
import { writeFileSync } from 'node:fs';
import { cases } from './cases/index.ts';
import { parseAddress, transcribe } from './run.ts';

const [url, file = new URL('rabbitmq-3.10.8.json', import.meta.url)] = process.argv.slice(2);
if (url === undefined) throw new Error('usage: record.ts amqp://HOST:PORT [FILE]');
const address = parseAddress(url);
const recorded: Record<string, readonly string[]> = {};
for (const testCase of cases) {
  try {
    const [first, second] = [await transcribe(testCase, address), await transcribe(testCase, address)];
    if (JSON.stringify(first) === JSON.stringify(second)) recorded[testCase.name] = first;
    else console.error(`unstable: ${testCase.name}\n  ${first.join('\n  ')}\n-\n  ${second.join('\n  ')}`);
  } catch (error) {
    console.error(`failed: ${(error as Error).message}`);
  }
}
writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
console.log(`${Object.keys(recorded).length} of ${cases.length} cases recorded`);
