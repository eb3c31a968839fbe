import { limits } from '../../limits.ts';

/** Tells of a name whether a pattern matches it. */
export interface NamePattern {
  test(name: string): boolean;
}

/** One step of the automaton that a pattern is made into. */
interface State {
  /** Takes one letter; undefined: takes none. */
  readonly takes?: (letter: string) => boolean;
  /** Must hold between two letters. */
  readonly holds?: (at: Place) => boolean;
  readonly next: State[];
  /** The last place at which the state was entered. */
  entered: number;
}

/** A place between two letters of a name, and what was found out about the name so far. */
interface Place {
  readonly text: string;
  readonly index: number;
  readonly found: Map<Automaton, Uint8Array>;
}

interface Automaton {
  readonly start: State;
  readonly end: State;
  /** Reads a name from its end. */
  readonly backwards: boolean;
}

/** Puts a part of a pattern before `next`. */
type Part = (next: State, backwards: boolean) => State;

/**
 * A pattern that takes time in proportion to the length of a name, whatever the pattern is: all
 * ways through it are gone at once (Thompson's construction), where JavaScript's own engine tries
 * one after another. `source` must be an expression that JavaScript accepts.
 * Throws an Error where a pattern refers back to a group or has more steps than
 * `limits.patternStatesMax`.
 */
export function linearPattern(source: string, flags: string): NamePattern {
  const automaton = new PatternReader(source, flags).automaton();
  return {
    test: (text) => reached(automaton, text, new Map()).includes(1),
  };
}

let entries = 0;

/** By index: 1 where a match ends that starts anywhere (or starts, of one read backwards). */
function reached(automaton: Automaton, text: string, found: Place['found']): Uint8Array {
  const known = found.get(automaton);
  if (known !== undefined) return known;
  const { start, end, backwards } = automaton;
  const ends = new Uint8Array(text.length + 1);
  let carried: State[] = [];
  for (let step = 0; step <= text.length; step += 1) {
    const index = backwards ? text.length - step : step;
    const letter = text.charAt(backwards ? index - 1 : index);
    const entry = (entries += 1);
    const open = [start, ...carried];
    carried = [];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (state.entered === entry) continue;
      state.entered = entry;
      if (state === end) ends[index] = 1;
      if (state.takes !== undefined) {
        if (letter !== '' && state.takes(letter)) carried.push(...state.next);
      } else if (state.holds?.({ text, index, found }) !== false) open.push(...state.next);
    }
  }
  found.set(automaton, ends);
  return ends;
}

const TOKEN =
  /\\(?:x[\da-f]{2}|u[\da-f]{4}|c[a-z]|[^])|\[(?:\\[^]|[^\\\]])*\]|\(\?(?:<?[!=]|:|<\w+>)|[^]/giy;
const REPETITION = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;

/** Reads an expression that JavaScript has accepted. */
class PatternReader {
  readonly #source: string;
  readonly #flags: string;
  readonly #letters = new Map<string, (letter: string) => boolean>();
  #index = 0;
  #states = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#flags = flags;
  }

  automaton(): Automaton {
    return this.#automatonOf(this.#choice(), false);
  }

  #automatonOf(part: Part, backwards: boolean): Automaton {
    const end = this.#state([]);
    return { start: part(end, backwards), end, backwards };
  }

  /** Throws where the pattern has too many steps. */
  #state(next: State[], step: Pick<State, 'takes' | 'holds'> = {}): State {
    this.#states += 1;
    if (this.#states > limits.patternStatesMax) {
      throw new Error(`it has more than ${limits.patternStatesMax} steps`);
    }
    return { ...step, next, entered: 0 };
  }

  #token(): string {
    TOKEN.lastIndex = this.#index;
    const [token = ''] = TOKEN.exec(this.#source) ?? [];
    this.#index += token.length;
    return token;
  }

  #choice(): Part {
    const ways = [this.#sequence()];
    while (this.#source[this.#index] === '|') {
      this.#index += 1;
      ways.push(this.#sequence());
    }
    const [only] = ways;
    if (ways.length === 1 && only !== undefined) return only;
    return (next, backwards) => this.#state(ways.map((way) => way(next, backwards)));
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#index < this.#source.length && !'|)'.includes(this.#source.charAt(this.#index))) {
      parts.push(this.#repeated(this.#part(this.#token())));
    }
    const reversed = parts.toReversed();
    return (next, backwards) =>
      (backwards ? parts : reversed).reduce((state, part) => part(state, backwards), next);
  }

  #part(token: string): Part {
    if (token.startsWith('(')) return this.#group(token);
    if (/^\\[1-9k]/.test(token)) throw new Error('it refers back to a group');
    if (/^(?:[$^]|\\b)$/i.test(token)) return this.#boundary(token);
    const takes = this.#letterOf(token);
    return (next) => this.#state([next], { takes });
  }

  #group(token: string): Part {
    const part = this.#choice();
    this.#index += 1;
    if (!/[!=]$/.test(token)) {
      if (this.#source.startsWith('?', this.#index - 1)) throw new Error('a group is not known');
      return part;
    }
    // What follows is read from the end of the name: so one reading tells of all places.
    const backwards = !token.includes('<');
    const wanted = token.endsWith('=') ? 1 : 0;
    return (next) => {
      const automaton = this.#automatonOf(part, backwards);
      return this.#state([next], {
        holds: ({ text, index, found }) => reached(automaton, text, found)[index] === wanted,
      });
    };
  }

  #boundary(token: string): Part {
    const expression = new RegExp(token, `${this.#flags}y`);
    const holds = ({ text, index }: Place): boolean => {
      expression.lastIndex = index;
      return expression.test(text);
    };
    return (next) => this.#state([next], { holds });
  }

  #letterOf(token: string): (letter: string) => boolean {
    const known = this.#letters.get(token);
    if (known !== undefined) return known;
    const expression = new RegExp(/^[\]{}]$/.test(token) ? `\\${token}` : token, this.#flags);
    const answers = new Map<string, boolean>();
    const takes = (letter: string): boolean => {
      let answer = answers.get(letter);
      if (answer === undefined) answers.set(letter, (answer = expression.test(letter)));
      return answer;
    };
    this.#letters.set(token, takes);
    return takes;
  }

  #repeated(part: Part): Part {
    REPETITION.lastIndex = this.#index;
    const match = REPETITION.exec(this.#source);
    if (match === null) return part;
    const [all, sign, least = '0', comma, most] = match;
    this.#index += all.length;
    if (sign !== undefined) {
      return this.#times(part, sign === '+' ? 1 : 0, sign === '?' ? 1 : Infinity);
    }
    const max = comma === '' ? least : most;
    return this.#times(part, Number(least), max === '' ? Infinity : Number(max));
  }

  #times(part: Part, min: number, max: number): Part {
    return (next, backwards) => {
      let state = next;
      if (max === Infinity) {
        state = this.#state([next]);
        state.next.push(part(state, backwards));
      } else {
        for (let left = max - min; left > 0; left -= 1) {
          state = this.#state([next, part(state, backwards)]);
        }
      }
      // A state of its own for each turn, so that a part without letters is counted too.
      for (let left = min; left > 0; left -= 1) state = this.#state([part(state, backwards)]);
      return state;
    };
  }
}
