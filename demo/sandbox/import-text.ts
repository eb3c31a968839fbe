/** What the script hands its value to while it runs. */
const RECEIVER = 'receiveImported';

let parsing: { readonly error: SyntaxError; line: number } | undefined;

// An error of syntax does not tell where it is, but the event of one that nobody caught does. This
// listens before anybody else does.
addEventListener('error', (event: ErrorEvent) => {
  if (parsing === undefined || event.error !== parsing.error) return;
  parsing.line = event.lineno;
  event.preventDefault();
  event.stopImmediatePropagation();
});

/** The text is no JavaScript; `line` counts from 1. */
export class TextError extends SyntaxError {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'SyntaxError';
    this.line = line;
  }
}

/**
 * Runs an expression as a script of this Worker, whose policy allows those and no `eval`, and
 * answers its value. Throws a TextError where it cannot be parsed.
 */
export function importText(expression: string, sourceName: string): unknown {
  const scope = globalThis as unknown as Record<string, unknown>;
  let value: unknown;
  scope[RECEIVER] = (imported: unknown) => (value = imported);
  const script = `${RECEIVER}(${expression}\n);\n//# sourceURL=${sourceName}`;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  try {
    importScripts(url);
  } catch (error) {
    throw error instanceof SyntaxError ? textErrorOf(error) : error;
  } finally {
    URL.revokeObjectURL(url);
    delete scope[RECEIVER];
  }
  return value;
}

function textErrorOf(error: SyntaxError): TextError {
  parsing = { error, line: 0 };
  reportError(error);
  const { line } = parsing;
  parsing = undefined;
  return new TextError(error.message.replace(/^Failed to execute .*?: /, ''), line);
}

declare function importScripts(url: string): void;
