import type { Coach, Scenario, ScenarioClient, Topology } from './format.ts';

interface ClientFile {
  readonly source: string;
  readonly compiled: string;
}

const topologies = import.meta.glob<Topology>('./*/topology.json', { import: 'default' });
const coaches = import.meta.glob<Coach>('./*/coach.json', { import: 'default' });
/** Of every lesson no more than this is there from the beginning. */
const headings = import.meta.glob<Pick<Coach, 'number' | 'title'>>(
  './*/coach.json', { import: 'default', query: '?heading', eager: true },
);
const clientFiles = import.meta.glob<ClientFile>(
  './*/clients/*.{js,ts}', { import: 'default', query: '?client' },
);

/** What runs of the code of the lessons as they are, so that no compiler is needed for it. */
const compiled = new Map<string, string>();

/** In the order of the gallery. */
export const scenarioNames: readonly string[] = Object.entries(headings)
  .sort(([, one], [, other]) => one.number - other.number)
  .map(([path]) => path.split('/')[1]!);

/** The lesson that comes next; undefined: it was the last. */
export function scenarioAfter(name: string): { name: string; title: string } | undefined {
  const next = scenarioNames[scenarioNames.indexOf(name) + 1];
  if (next === undefined) return undefined;
  return { name: next, title: headings[`./${next}/coach.json`]!.title };
}

export function compiledFor(code: string): string | undefined {
  return compiled.get(code);
}

/** What a card of the gallery shows. */
export async function loadCard(
  name: string,
): Promise<Pick<Scenario, 'name' | 'topology' | 'coach'>> {
  const [topology, coach] = await Promise.all([
    topologies[`./${name}/topology.json`]!(), coaches[`./${name}/coach.json`]!(),
  ]);
  return { name, topology, coach };
}

/** Loads a scenario by the name of its folder; undefined: there is none. */
export async function loadScenario(name: string): Promise<Scenario | undefined> {
  if (!scenarioNames.includes(name)) return undefined;
  // All of its files at once: each wait for the one before would be seen.
  for (const [path, load] of Object.entries(clientFiles)) {
    if (path.startsWith(`./${name}/`)) void load();
  }
  const { topology, coach } = await loadCard(name);
  const clients = await Promise.all(clientsOf(name, topology).map(async ({ path, ...client }) => {
    const file = await clientFiles[path]!();
    compiled.set(file.source, file.compiled);
    return { later: false, ...client, code: file.source };
  }));
  return { name, topology, coach, clients };
}

function clientsOf(
  name: string, topology: Topology,
): readonly (ScenarioClient & { readonly path: string })[] {
  const folder = `./${name}/clients/`;
  const paths = Object.keys(clientFiles).filter((path) => path.startsWith(folder)).sort();
  const nameOf = (path: string): string => path.slice(folder.length).replace(/\.[jt]s$/, '');
  const listed = topology.clients
    ?? paths.map((path) => ({ name: nameOf(path), library: '@cloudamqp/amqp-client' as const }));
  return listed.flatMap((client) => {
    const path = paths.find((each) => nameOf(each) === client.name);
    return path === undefined ? [] : [{ ...client, path }];
  });
}
