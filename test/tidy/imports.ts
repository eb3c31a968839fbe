/** Who may import whom: the layers of core, and the doors through which the rest comes in. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { isScript, type Rule } from './files.ts';

const { dependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { dependencies: Record<string, string> };

/** The ports, limits, errors and the like that lie beside the folders of core. */
const common = /^core\/(assert|errors|globals\.d|limits|ports|random)(\.ts)?$/;
const rxjs = /^rxjs$/;
const protocol = /^core\/protocol\//;
const session = /^core\/session\//;
const builtIn = /^node:/;
const anyPackage = /^(?!(browser|core|demo|node|test)\/)(@[a-z-]+\/)?[a-z-]+(\/.*)?$/;
/** What joins the client to a runtime: its door, and the seam to the transports. */
const client = /^core\/client\/(address|dial|errors|index)\.ts$/;

/** The broker knows the port, and no journal. */
const journalPort = /^core\/storage\/(journal|record-group)\.ts$/;

interface Layer {
  readonly of: RegExp;
  readonly may: readonly RegExp[];
}

/** The first layer that a file belongs to counts. */
const layers: readonly Layer[] = [
  { of: protocol, may: [protocol, /^core\/(assert|errors|limits)\.ts$/] },
  { of: session, may: [session, protocol, common, rxjs] },
  // The broker itself takes the host's clock where it is given no other.
  {
    of: /^core\/broker\/broker\.ts$/,
    may: [/^core\/(broker|clock)\//, journalPort, session, protocol, common, rxjs],
  },
  // Passwords are kept as RabbitMQ keeps them, by hashes that no runtime has for all to use.
  {
    of: /^core\/broker\/access\/password\.ts$/,
    may: [/^@noble\/hashes\//, /^core\/broker\//, protocol, common],
  },
  { of: /^core\/broker\//, may: [/^core\/broker\//, journalPort, session, protocol, common, rxjs] },
  { of: /^core\/client\//, may: [/^core\/(client|clock)\//, session, protocol, common, rxjs] },
  { of: /^core\/clock\//, may: [/^core\/clock\//, common, rxjs] },
  { of: /^core\/storage\//, may: [/^core\/storage\//, protocol, common, rxjs] },
  { of: /^core\/testing\//, may: [/^core\/(storage|testing)\//, protocol, common, rxjs] },
  { of: /^core\/login\//, may: [/^core\/login\//, /^jose$/, common, rxjs] },
  // The HTTP API is a function of requests, as Hono takes them; valibot says what may come in.
  {
    of: /^core\/management\//,
    may: [
      /^core\/(broker|management)\//, /^core\/clock\/virtual-clock\.ts$/, /^core\/session\/sasl\.ts$/, /^hono$/,
      /^@?valibot(\/to-json-schema)?$/, protocol,
      common, rxjs,
    ],
  },
  // A relay follows frames as a session does, and tells of connections as the broker does.
  { of: /^core\/relay\//, may: [/^core\/(broker|relay)\//, session, protocol, common, rxjs] },
  // The simulator looks into the broker from all sides, as tests do.
  { of: /^core\/sim\//, may: [/^core\//, rxjs] },
  { of: /^core\/index\.ts$/, may: [/^core\//, rxjs] },
  { of: /^core\//, may: [common, protocol, rxjs] },
  {
    of: /^node\//,
    may: [
      /^node\//, /^core\/((login|management|protocol|relay|storage|testing)\/)?index\.ts$/, client, common, builtIn,
      anyOf(dependencies),
    ],
  },
  // A page loads what it imports, so it leaves the door of core alone.
  {
    of: /^browser\//,
    may: [
      /^browser\//, /^core\/broker\/(broker|durable\/index)\.ts$/, /^core\/storage\/index\.ts$/, /^core\/clock\//,
      client, session, protocol, common, rxjs,
    ],
  },
  // An example shows what a user can write, so it knows TabMQ by its name alone.
  { of: /^demo\/examples\//, may: [builtIn, /^[^./]+$/, /^@/, /^tabmq\/protocol$/] },
  // The broker in its worker, and the clients in theirs.
  { of: /^demo\/(broker|clients)\//, may: [/^demo\//, /^core\//, /^browser\//, rxjs, anyPackage] },
  // Screens know the seam to a broker and none of its parts, so that any broker will do. What an
  // exchange matches by is a function, which a dialog may ask.
  {
    of: /^demo\//,
    may: [
      /^demo\//, /^core\/management\/index\.ts$/, /^core\/broker\/exchange\/(matcher|types)\.ts$/,
      /^browser\//, client, protocol, common, rxjs, anyPackage, builtIn,
    ],
  },
];

function anyOf(packages: Readonly<Record<string, string>>): RegExp {
  return new RegExp(`^(${Object.keys(packages).join('|')})(/|$)`);
}

export const forbiddenImports: Rule = (file) => {
  const layer = layers.find(({ of }) => of.test(file.path));
  if (layer === undefined || !isScript(file)) return [];
  const { importedFiles } = ts.preProcessFile(file.text, true, true);
  return importedFiles
    .map(({ fileName }) => target(file.path, fileName))
    .filter((name) => !layer.may.some((pattern) => pattern.test(name)))
    .map((name) => `${file.path} may not import ${name}`);
};

function target(from: string, name: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(from), name) : name;
}
