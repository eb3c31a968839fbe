import { expect, test } from 'vitest';
import { parseFilter } from '../../../demo/screens/wire/filter.ts';
import { fixture } from '../../support/fixture.ts';
import { consume, declareQueue } from '../../support/steps.ts';
import { inspect } from './frames.ts';

function matching(filter: string): string[] {
  const made = fixture();
  const [one, two] = [made.open(), made.open()];
  const log = inspect(made);
  declareQueue(one, 'q');
  consume(two, 'q');
  one.publish('', 'q', 'no error');
  one.publish('', 'q', 'fine');
  const parsed = parseFilter(filter);
  if (!parsed.ok) throw new Error(parsed.reason);
  return log().frames.filter(parsed.matches).map(({ direction, kind }) => `${direction} ${kind}`);
}

test.each([
  ['', 16],
  ['conn=2 dir=in', ['in basic.consume']],
  ['conn=connection-2 dir=in', ['in basic.consume']],
  ['method=basic.consume*', ['in basic.consume', 'out basic.consume-ok']],
  ['body~ERROR', ['in body', 'out body']],
  ['body~"no error" dir=out', ['out body']],
  ['!conn=1 !kind=body !kind=header', [
    'in basic.consume', 'out basic.consume-ok', 'out basic.deliver', 'out basic.deliver',
  ]],
  ['ch=7', []],
  ['declare-ok', ['out queue.declare-ok']],
])('"%s"', (filter, wanted) => {
  const found = matching(filter);
  expect(typeof wanted === 'number' ? found.length : found).toEqual(wanted);
});

test.each([
  ['color=red', 'There is no field "color": try ch, conn, dir, method, kind, body, text, seq.'],
  ['ch=', '"ch=" says nothing behind its =.'],
])('"%s" is refused in words', (filter, reason) => {
  expect(parseFilter(filter)).toEqual({ ok: false, reason });
});

test.each(['method=(', 'method=[a', 'method=\\', 'method=a+b', '"'])('%s is no pattern but text', (filter) => {
  expect(parseFilter(filter)).toMatchObject({ ok: true });
});
