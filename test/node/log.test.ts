import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Broker, BrokerEvent } from '../../core/index.ts';
import { logBroker } from '../../node/broker-log.ts';
import { Log, readLogLevels } from '../../node/log.ts';

function logWith(levels: string): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = new Log({ levels: readLogLevels(levels), write: (line) => lines.push(line) });
  return { log, lines };
}

test('the space that a disk has again is no error', () => {
  const { log, lines } = logWith('info');
  const events$ = new Subject<BrokerEvent>();
  logBroker({ events$ } as unknown as Broker, log);
  events$.next({ type: 'journal.trouble', kind: 'full', text: 'no space left on device', at: 0 });
  events$.next({ type: 'journal.trouble', kind: 'space', text: 'there is space again', at: 0 });
  expect(lines.map((line) => line.split(' ')[1])).toEqual(['error', 'info']);
});

describe('the log', () => {
  test('has a level for each component', () => {
    const { log, lines } = logWith('warn, connection=trace,queue = silent');
    log.write('connection', 'trace', 'seen');
    log.write('broker', 'info', 'not seen');
    log.write('broker', 'warn', 'seen');
    log.write('queue', 'error', 'not seen');
    expect(lines).toHaveLength(2);
    expect(log.shows('connection', 'trace')).toBe(true);
    expect(log.shows('broker', 'info')).toBe(false);
  });

  test('is at info where only components are named', () => {
    const { log } = logWith('connection=debug');
    expect(log.shows('connection', 'debug')).toBe(true);
    expect(log.shows('queue', 'info')).toBe(true);
    expect(log.shows('queue', 'debug')).toBe(false);
  });

  test('writes a line that people can read', () => {
    const { log, lines } = logWith('info');
    log.write('queue', 'info', 'declared', { queue: 'orders', vhost: '/', messages: 3, odd: 'a b', none: null });
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    const rest = 'info  queue: declared queue=orders vhost=/ messages=3 odd="a b" none=null';
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${time} ${rest}\n$`))]);
  });

  test('lets no name that a client chose break a line or reach the terminal', () => {
    const { log, lines } = logWith('info');
    for (const queue of ['a\nb', 'a\u001b[2Jb', 'a\u009b2Jb', 'a\u202eb', 'a=b', 'a"b']) {
      log.write('queue', 'info', 'declared', { queue });
    }
    for (const line of lines) expect(line).toMatch(/^[^\p{C}]+ queue="a[^\p{C}]+b"\n$/u);
  });

  test('writes JSON for programs', () => {
    const lines: string[] = [];
    const log = new Log({ format: 'json', write: (line) => lines.push(line) });
    log.write('alarm', 'warn', 'set', { alarm: 'memory' });
    const [line] = lines.map((line) => JSON.parse(line));
    expect(line).toMatchObject({ level: 'warn', component: 'alarm', msg: 'set', alarm: 'memory' });
    expect(Date.parse(line.time)).toBeGreaterThan(0);
  });
});
