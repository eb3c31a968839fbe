import { pino, type Logger } from 'pino';
import { Subject, type Observable } from 'rxjs';
import type { LogLine } from '../core/management/index.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** How much a line matters; `silent` is no line at all. */
export type LogLevel = (typeof logLevels)[number];

/** What a log line is about: the noun that its event begins with. */
export const logComponents = [
  'alarm', 'binding', 'broker', 'channel', 'connection', 'consumer', 'exchange', 'gateway',
  'journal', 'message', 'queue',
] as const;
/** What a line is about; each component has a level of its own. */
export type LogComponent = (typeof logComponents)[number];

/** A level for all components, and others for some. */
export type LogLevels = { readonly all: LogLevel } & { readonly [C in LogComponent]?: LogLevel };

export const logFormats = ['text', 'json'] as const;
/** `text` for people, `json` for programs. */
export type LogFormat = (typeof logFormats)[number];

/** Which lines are written, in which form, and where to. */
export interface LogOptions {
  readonly levels?: LogLevels | undefined;
  readonly format?: LogFormat | undefined;
  /** Where finished lines go. Default: stderr, since stdout has the ready line. */
  readonly write?: (line: string) => void;
}

/** What is written where nothing else is said. */
export const DEFAULT_LEVELS: LogLevels = { all: 'info' };

/** Facts beside the text of a line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The log of one process: a logger with a level of its own for each component. */
export class Log {
  readonly #loggers = new Map<LogComponent, Logger>();
  readonly #lines = new Subject<LogLine>();
  /** Each line that is written, but for single frames, with its facts as `name=value`. */
  readonly line$: Observable<LogLine> = this.#lines.asObservable();

  constructor(options: LogOptions = {}) {
    const levels = options.levels ?? DEFAULT_LEVELS;
    const write = options.write ?? ((line) => void process.stderr.write(line));
    const format = options.format === 'json' ? (line: string) => line : textOf;
    const root = pino(
      {
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
      },
      { write: (line: string) => write(format(line)) },
    );
    for (const component of logComponents) {
      const level = levels[component] ?? levels.all;
      this.#loggers.set(component, root.child({ component }, { level }));
    }
  }

  /** Other levels from now on. */
  setLevels(levels: LogLevels): void {
    for (const [component, logger] of this.#loggers) logger.level = levels[component] ?? levels.all;
  }

  /** Whether lines of this level are written for the component. */
  shows(component: LogComponent, level: Exclude<LogLevel, 'silent'>): boolean {
    return this.#loggers.get(component)!.isLevelEnabled(level);
  }

  /** Writes a line, if lines of this level are written for the component. */
  write(
    component: LogComponent,
    level: Exclude<LogLevel, 'silent'>,
    text: string,
    fields: LogFields = {},
  ): void {
    this.#loggers.get(component)![level](fields, text);
    if (!this.#lines.observed || level === 'trace' || !this.shows(component, level)) return;
    const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${shown(value)}`);
    this.#lines.next({ at: Date.now(), level, component, text: text + facts.join('') });
  }
}

/** Reads `info,connection=trace`; throws a RangeError that says what is wrong. */
export function readLogLevels(text: string): LogLevels {
  const levels: Record<string, LogLevel> = { all: 'info' };
  for (const part of text.split(',')) {
    const [first = '', second] = part.split('=').map((word) => word.trim());
    const component = second === undefined ? 'all' : first;
    if (component !== 'all' && !contains(logComponents, component)) {
      throw new RangeError(`has no component '${component}', only ${logComponents.join(', ')}`);
    }
    const level = second ?? first;
    if (!contains(logLevels, level)) {
      throw new RangeError(`has no level '${level}', only ${logLevels.join(', ')}`);
    }
    levels[component] = level;
  }
  return levels as LogLevels;
}

function contains<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}

/** A line for people: time, level, component, text, and the facts as `name=value`. */
function textOf(line: string): string {
  const { time, level, component, msg, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const words = [String(time), String(level).padEnd(5), `${String(component)}:`, String(msg)];
  for (const [name, value] of Object.entries(facts)) words.push(`${name}=${shown(value)}`);
  return `${words.join(' ')}\n`;
}

/** Quotes what could be mistaken or could play tricks on a terminal: names come from clients. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!/[\s"=\p{C}]/u.test(text)) return text;
  const quoted = typeof value === 'string' ? JSON.stringify(value) : text;
  return quoted.replace(/\p{C}/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
