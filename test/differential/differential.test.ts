/**
 * What RabbitMQ 3.10.8 answers to each case, TabMQ answers too as `rabbitmq-3.13`, line for line, save for the
 * differences that `differences.ts` gives a reason for.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from './cases/index.ts';
import { differences } from './differences.ts';
import { startGateway, type Gateway } from './gateway.ts';
import recorded from './rabbitmq-3.10.8.json' with { type: 'json' };
import { transcribe } from './run.ts';

const answers: Readonly<Record<string, readonly string[]>> = recorded;
const deliberate = new Map(differences.map((difference) => [difference.case, difference]));

/** Longer than any wait of the wire, so that its own words tell what did not come. */
const timeoutMilliseconds = 30_000;

describe('the record', () => {
  const names = cases.map((testCase) => testCase.name);

  it('has each case once, and an answer of RabbitMQ for each', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(answers).sort()).toEqual([...names].sort());
  });

  it('holds no rule broken by RabbitMQ, so that the judge is fair', () => {
    expect(Object.values(answers).flat().filter((line) => line.includes('VIOLATION'))).toEqual([]);
  });

  it('lists no difference twice, of no case, or that is none', () => {
    expect(deliberate.size).toBe(differences.length);
    for (const { case: name, tabmq } of differences) {
      expect(names).toContain(name);
      expect(tabmq, `${name} is no difference any more`).not.toEqual(answers[name]);
    }
  });
});

describe('TabMQ beside RabbitMQ 3.10.8', () => {
  let gateway: Gateway | undefined;
  const count = { equal: 0, deliberate: 0, unexplained: 0 };

  beforeAll(async () => {
    gateway = await startGateway();
  });

  afterAll(async () => {
    await gateway?.stop();
    console.log(`differential: ${count.equal} equal, ${count.deliberate} deliberate, ${count.unexplained} unexplained`);
  });

  it.each(cases.map((testCase) => [testCase.row, testCase.name, testCase] as const))(
    '%s: %s',
    async (_row, name, testCase) => {
      const difference = deliberate.get(name);
      count.unexplained += 1;
      if (gateway === undefined) throw new Error('there is no gateway');
      const transcript = await transcribe(testCase, gateway.address);
      expect(transcript, difference?.reason).toEqual(difference?.tabmq ?? answers[name]);
      count.unexplained -= 1;
      count[difference === undefined ? 'equal' : 'deliberate'] += 1;
    },
    timeoutMilliseconds,
  );
});
