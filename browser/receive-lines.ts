import type { Election } from './election.ts';
import type { LineMessage } from './line.ts';

/** The events of a worker that bring lines to it. */
interface WorkerScope {
  onconnect?: ((event: MessageEvent) => void) | null;
  onmessage?: ((event: MessageEvent<LineMessage>) => void) | null;
}

/**
 * Has a worker, shared or dedicated, serve the lines that tabs bring to it: those of its own page,
 * and where it won an election those of all others. To be called at once, before anything is
 * awaited.
 */
export function receiveLines(serve: (line: MessagePort) => void): void {
  const elections = new Map<string, Promise<Election>>();
  const electionOf = (name: string): Promise<Election> => {
    // Few browsers need it, so that only they load it.
    const known = elections.get(name) ??
      import('./election.ts').then(({ Election }) => new Election(name, serve));
    elections.set(name, known);
    return known;
  };
  const scope = globalThis as WorkerScope;
  scope.onconnect = ({ ports }) => serve(ports[0]!);
  scope.onmessage = ({ data }) => {
    if (data?.kind !== 'line') return;
    const { port, election } = data;
    if (election === undefined) return serve(port);
    void electionOf(election).then((elected) => elected.join(port));
  };
}
