/** What is done to clients from where their code is. */
import type { ClientHost, ClientLibrary, ClientView } from '../port/client-host.ts';
import { dropDraft, drafts$, type Draft } from './drafts.ts';
import { libraries } from './templates.ts';

/** What its editor shows: the draft, else what runs. */
export function draftOf(client: ClientView, drafts: ReadonlyMap<string, Draft>): Draft {
  return drafts.get(client.name) ?? { code: client.code, library: client.library };
}

/** Starts it anew with the code of its editor; all others go on, their connections as well. */
export async function run(clients: ClientHost, client: ClientView): Promise<void> {
  const draft = draftOf(client, drafts$.value);
  await clients.start({ name: client.name, ...draft });
  dropDraft(client.name);
}

/** How many there are of a client after it was scaled out. */
const SCALE = 3;

/** Starts two more with the same code, under the next free names. */
export async function scaleOut(
  host: ClientHost, client: ClientView, all: readonly ClientView[],
): Promise<void> {
  const draft = draftOf(client, drafts$.value);
  const names = new Set(all.map(({ name }) => name));
  for (let i = 1; i < SCALE; i++) {
    const name = freeName(client.name.replace(/-\d+$/, ''), names);
    names.add(name);
    await host.start({ name, ...draft });
  }
}

/** Starts a further client with the example for the library; answers its name. */
export async function addClient(
  host: ClientHost, library: ClientLibrary, all: readonly ClientView[],
): Promise<string> {
  const name = freeName('client', new Set(all.map((each) => each.name)));
  await host.start({ name, library, code: libraries[library].code });
  return name;
}

function freeName(base: string, taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(`${base}-${number}`)) number++;
  return `${base}-${number}`;
}
