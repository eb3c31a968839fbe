/** The script of a worker that runs tests of journals. */
import { journalTest, type Kind } from './journals.ts';

interface Scope {
  onmessage: (event: MessageEvent<{ readonly kind: Kind; readonly title: string }>) => void;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as Scope;
scope.onmessage = async ({ data: { kind, title } }) => scope.postMessage(await journalTest(kind, title));
