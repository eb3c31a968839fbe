import type { WireFrame } from './wire-frame.ts';

export type FramePredicate = (frame: WireFrame) => boolean;

/** A filter that was understood, or why it was not. */
export type FrameFilter =
  | { readonly ok: true; readonly matches: FramePredicate }
  | { readonly ok: false; readonly reason: string };

type Test = (value: string) => boolean;

const fields: Readonly<Record<string, (frame: WireFrame) => string>> = {
  ch: ({ channel }) => String(channel),
  conn: ({ connection }) => connection.replace('connection-', ''),
  dir: ({ direction }) => direction,
  method: ({ kind }) => kind,
  kind: ({ kind }) => kind,
  body: (frame) => (frame.kind === 'body' ? frame.text : ''),
  text: (frame) => frame.summary,
  seq: ({ seq }) => String(seq),
};

export const filterHelp = 'ch=1 conn=2 dir=in method=basic.* body~error; a word alone searches ' +
  'the summary, and ! in front of a term turns it round';

/** What begins or ends a term: `name=pattern` with `*` for anything, or `name~part`. */
const term = /^(!?)([a-z]+)([=~])(.*)$/;

/**
 * Understands terms between spaces, all of which must hold: `ch=1 method=basic.* body~error`. A
 * value with spaces stands between double quotes.
 */
export function parseFilter(text: string): FrameFilter {
  const predicates: FramePredicate[] = [];
  for (const word of text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) {
    const parsed = parseTerm(word);
    if (typeof parsed === 'string') return { ok: false, reason: parsed };
    predicates.push(parsed);
  }
  return { ok: true, matches: (frame) => predicates.every((holds) => holds(frame)) };
}

function parseTerm(word: string): FramePredicate | string {
  const [, not, name, operator, quoted] = term.exec(word) ?? [];
  if (name === undefined) return search(word.replaceAll('"', ''));
  const field = fields[name];
  if (field === undefined) {
    return `There is no field "${name}": try ${Object.keys(fields).join(', ')}.`;
  }
  const value = quoted!.replaceAll('"', '');
  if (value === '') return `"${word}" says nothing behind its ${operator!}.`;
  const test = operator === '=' ? equals(value) : contains(value);
  return (frame) => test(field(frame)) === (not === '');
}

function search(word: string): FramePredicate {
  const turned = word.startsWith('!') && word.length > 1;
  const test = contains(turned ? word.slice(1) : word);
  return (frame) => test(`${frame.kind} ${frame.summary}`) !== turned;
}

function contains(part: string): Test {
  const wanted = part.toLowerCase();
  return (value) => value.toLowerCase().includes(wanted);
}

/** `*` stands for any characters. `connection-2` is the same as `2`. */
function equals(pattern: string): Test {
  const parts = pattern.replace(/^connection-/, '').split('*');
  const escaped = parts.map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const whole = new RegExp(`^${escaped.join('.*')}$`, 'i');
  return (value) => whole.test(value);
}
