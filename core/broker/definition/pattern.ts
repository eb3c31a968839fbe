import { limits } from '../../limits.ts';
import { SettingError } from './setting-error.ts';

/**
 * A regular expression as RabbitMQ's permissions and policies have it: not anchored, and it heeds
 * case. What Perl's expressions have and JavaScript's have not is translated where it is usual:
 * options before the pattern, `\A`, `\z`, `\Z`, `\h` and classes such as `[[:alpha:]]`.
 * Throws a SettingError with RabbitMQ's words where it is none.
 */
export function compilePattern(pattern: string): RegExp {
  if (pattern.length > limits.patternLettersMax) {
    throw new SettingError('invalid',
      `a pattern has ${limits.patternLettersMax} letters at most, and this has ${pattern.length}`);
  }
  const [, options = '', body = pattern] = /^\(\?([imsx]+)\)(.*)$/s.exec(pattern) ?? [];
  if (options.includes('x')) throw invalid(pattern, 'the option x is not supported');
  try {
    return new RegExp(translated(body), options);
  } catch (error) {
    const [, reason = 'it is no regular expression'] =
      /: ([^:]*)$/.exec((error as Error).message) ?? [];
    throw invalid(pattern, reason);
  }
}

/** What is wrong with a pattern, or undefined. */
function invalid(pattern: string, reason: string): SettingError {
  return new SettingError('invalid', `'${pattern}' is no regular expression: ${reason}`);
}

const classes: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: String.raw`\s`,
  word: String.raw`\w`,
  punct: String.raw`!-\/:-@\[-\x60{-~`,
  xdigit: '0-9A-Fa-f',
  blank: String.raw` \t`,
};

const escapes: Readonly<Record<string, string>> = {
  A: '^', z: '$', Z: '$', h: String.raw`[ \t]`, Q: '', E: '',
};

function translated(body: string): string {
  const quoted = body.replaceAll(/\\Q(.*?)(\\E|$)/gs, (_all, text: string) =>
    text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return quoted
    .replaceAll(/\[:(\w+):\]/g, (all, name: string) => classes[name] ?? all)
    .replaceAll(/\\(.)/gs, (all, letter: string) => escapes[letter] ?? all)
    // Atomic groups and possessive repetition change how long it takes, not what is matched, in
    // patterns that anybody writes for names.
    .replaceAll('(?>', '(?:');
}
