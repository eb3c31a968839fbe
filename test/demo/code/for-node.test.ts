import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { forNode } from '../../../demo/editor/for-node.ts';

test.each([
  ["new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest')", "new AMQPClient('amqp://localhost')"],
  ["new AMQPWebSocketClient('ws://broker.tab/')", "new AMQPClient('amqp://localhost')"],
  ["new AMQPWebSocketClient(\n  'ws://broker.tab/', 'my host', 'anna', 'p@ss',\n)",
    "new AMQPClient('amqp://anna:p%40ss@localhost/my%20host')"],
  ["import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';",
    "import { AMQPClient } from '@cloudamqp/amqp-client';"],
  ["connect('ws://broker.tab/').pipe(", "connect('amqp://localhost').pipe("],
  ["new WebSocket('ws://broker.tab/', 'amqp')", "new WebSocket('ws://localhost:15672/ws/amqp', 'amqp')"],
  ["new WebSocket('wss://elsewhere.example/')", "new WebSocket('wss://elsewhere.example/')"],
])('%s becomes %s', (code, wanted) => {
  expect(forNode(code)).toBe(wanted);
});

test('nothing else of a file changes', () => {
  const file = new URL('../../../demo/scenarios/work-queue/clients/producer.js', import.meta.url);
  const code = readFileSync(file, 'utf8');
  const changed = forNode(code).split('\n').filter((line, i) => line !== code.split('\n')[i]);
  expect(changed).toEqual([
    "import { AMQPClient } from '@cloudamqp/amqp-client';",
    "const client = new AMQPClient('amqp://localhost');",
  ]);
});
