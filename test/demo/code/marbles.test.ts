/** What is seen of the Observables of a client's code. */
import { runInThisContext } from 'node:vm';
import * as rxjs from 'rxjs';
import { expect, test } from 'vitest';
import { watchMarbles, type Mark } from '../../../demo/clients/marbles.ts';
import { runModule, type ModuleFunction } from '../../../demo/clients/module.ts';

const evaluate = (text: string, filename: string) => runInThisContext(text, { filename }) as ModuleFunction;
const { pipe, subscribe } = rxjs.Observable.prototype;

/** Runs the code, and what was meant to be watched no longer is when it is over. */
async function marksOf(code: string): Promise<Mark[]> {
  const marks: Mark[] = [];
  const { modules } = watchMarbles({ rxjs, 'tabmq/client': {} }, (mark) => marks.push(mark));
  try {
    await runModule(`const { of, map, take, range, throwError, Subject, firstValueFrom, lastValueFrom }
      = require('rxjs');\n${code}`, 'test', modules, evaluate);
  } finally {
    Object.assign(rxjs.Observable.prototype, { pipe, subscribe });
  }
  return marks;
}

const brief = (marks: readonly Mark[]) =>
  marks.map(({ line, name, kind, text }) => [line, name, kind, text].join(' ').trim());

test('each Observable that a line of the code makes is a line, with what it gives and how it ends', async () => {
  const marks = await marksOf(`of(1, 2)
    .pipe(map((value) => value * 10))
    .subscribe();`);
  expect(brief(marks)).toEqual([
    '3 of next 1', '4 map next 10', '3 of next 2', '4 map next 20', '3 of complete', '4 map complete',
  ]);
});

test('an error is one, and what is endless ends where the code says', async () => {
  const marks = await marksOf(`range(0, Infinity).pipe(take(1)).subscribe();
    throwError(() => new Error('no')).subscribe({ error: () => {} });`);
  expect(brief(marks)).toEqual([
    '3 range next 0', '3 take next 0', '3 take complete', '4 throwError error Error: no',
  ]);
});

test('a Subject and promises do what they always did', async () => {
  const marks = await marksOf(`const subject = new Subject();
    const seen = lastValueFrom(subject.pipe(map((value) => value + 1), take(2)));
    subject.next(1);
    subject.next(2);
    if (await seen !== 3 || subject.observed) throw new Error('it is another');
    if (await firstValueFrom(of(7)) !== 7) throw new Error('it is another');`);
  expect(brief(marks).filter((text) => text.startsWith('4'))).toEqual([
    '4 map next 2', '4 take next 2', '4 map next 3', '4 take next 3', '4 take complete',
  ]);
});

test('a flood in one turn is cut off', async () => {
  expect((await marksOf('range(0, 10_000).subscribe();')).length).toBe(50);
});
