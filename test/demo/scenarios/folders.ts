/** Scenarios as they lie in their folders, without the build that the page reads them from. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from 'sucrase';
import type { ClientSpec } from '../../../demo/port/client-host.ts';
import type {
  Assertions, Coach, CodeChange, Scenario, Topology,
} from '../../../demo/scenarios/format.ts';

const root = fileURLToPath(new URL('../../../demo/scenarios/', import.meta.url));

export const scenarioNames: readonly string[] = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory()).map(({ name }) => name);

export function readScenario(name: string): Scenario {
  const topology = readJson<Topology>(`${name}/topology.json`);
  const files = readdirSync(`${root}${name}/clients`).sort();
  const nameOf = (file: string): string => file.replace(/\.[jt]s$/, '');
  const listed = topology.clients
    ?? files.map((file) => ({ name: nameOf(file), library: '@cloudamqp/amqp-client' as const }));
  const clients = listed.map((client) => {
    const file = files.find((file) => nameOf(file) === client.name);
    if (file === undefined) throw new Error(`${name} has no code for its client ${client.name}`);
    return { later: false, ...client, code: readFileSync(`${root}${name}/clients/${file}`, 'utf8') };
  });
  return { name, topology, clients, coach: readJson<Coach>(`${name}/coach.json`) };
}

export async function readAssertions(name: string): Promise<Assertions> {
  const file = await import(`../../../demo/scenarios/${name}/asserts.ts`) as { default: Assertions };
  return file.default;
}

/** The code as a sandbox runs it, after the learner changed it. */
export function compiled({ code }: ClientSpec, change?: CodeChange): string {
  return transform(changed(code, change), {
    transforms: ['typescript', 'imports'], disableESTransforms: true,
  }).code;
}

/** The code as the learner changed it. */
export function changed(code: string, change: CodeChange | undefined): string {
  if (change === undefined) return code;
  const pieces = code.split(change.from);
  if (pieces.length !== 2) throw new Error(`'${change.from}' stands ${pieces.length - 1} times in the code`);
  return pieces.join(change.to);
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(root + path, 'utf8')) as T;
}
