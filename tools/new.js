/**
 * `npm run new -- KIND NAME` makes the files of a new lesson, exchange type, screen or route, with
 * a test that passes. The templates lie in `templates/KIND` as their files lie in the project.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** npm runs its scripts in the folder of the package. */
const root = process.cwd();
const templates = join(import.meta.dirname, 'templates');
const NAME_LETTERS_MAX = 40;

/** What is wrong with the command, as a sentence for its author. */
class Refusal extends Error {}

/**
 * `noun` stands in sentences, `facts` fills in what follows from the project, `isTaken`
 * knows names that no file shows, `additions` are lines of files that are there: each stands right
 * behind its `after`.
 */
const kinds = {
  lesson: {
    noun: 'a lesson',
    facts: () => ({ number: String(1 + Math.max(0, ...lessonNumbers())) }),
  },
  exchange: {
    noun: 'an exchange',
    isTaken: (name) => read('core/broker/exchange/types.ts').includes(`'x-${name}'`),
    additions: [
      {
        path: 'core/broker/exchange/types.ts',
        after: "import { HeadersMatcher } from './headers.ts';\n",
        text: "import { {{Name}}Matcher } from './{{name}}.ts';\n",
      },
      {
        path: 'core/broker/exchange/types.ts',
        after: '  headers: { matcher: <D>(): Matcher<D> => new HeadersMatcher<D>() },\n',
        text: "  'x-{{name}}': { matcher: <D>(): Matcher<D> => new {{Name}}Matcher<D>() },\n",
      },
    ],
  },
  screen: {
    noun: 'a screen',
    facts: () => ({ order: String(1 + Math.max(0, ...screenOrders())) }),
  },
  route: {
    noun: 'a route',
    isTaken: (name) => routeTexts().some((text) => text.includes(`'/api/${name}'`)),
    additions: [
      {
        path: 'core/management/routes/index.ts',
        after: "import { queueMessageRoutes } from './queue-messages.ts';\n",
        text: "import { {{nameInCode}}Routes } from './{{name}}.ts';\n",
      },
      {
        path: 'core/management/routes/index.ts',
        after: 'export const routes: readonly Route[] = [\n',
        text: '  ...{{nameInCode}}Routes,\n',
      },
    ],
  },
};

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

function foldersOf(path) {
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory()).map((entry) => `${path}/${entry.name}`);
}

function routeTexts() {
  const folder = 'core/management/routes';
  return readdirSync(join(root, folder)).map((name) => read(`${folder}/${name}`));
}

function lessonNumbers() {
  return foldersOf('demo/scenarios').map((path) => JSON.parse(read(`${path}/coach.json`)).number);
}

function screenOrders() {
  return foldersOf('demo/screens')
    .map((path) => Number(/order: (\d+)/.exec(read(`${path}/screen.ts`))[1]));
}

function checkName(noun, name) {
  const isFine = name !== undefined && name.length <= NAME_LETTERS_MAX &&
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);
  if (isFine) return;
  const problem = name === undefined ? 'A name is missing' : `"${name}" is no name`;
  throw new Refusal(`${problem} for ${noun}: take a noun in kebab case such as slow-lane, ` +
    `with ${NAME_LETTERS_MAX} letters at most.`);
}

/** The name in the forms that files need: `slow-lane`, `SlowLane`, `slowLane`, `Slow lane`. */
function formsOf(name) {
  const pascal = name.replace(/(^|-)([a-z0-9])/g, (_, _dash, letter) => letter.toUpperCase());
  const words = name.replaceAll('-', ' ');
  return {
    name, Name: pascal, nameInCode: pascal[0].toLowerCase() + pascal.slice(1),
    title: words[0].toUpperCase() + words.slice(1),
  };
}

function filledIn(text, facts) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, fact) => facts[fact]);
}

/** The new files of a kind: path and text. */
function filesOf(kind, facts) {
  const folder = join(templates, kind);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const source = join(entry.parentPath, entry.name);
      const path = source.slice(folder.length + 1).replaceAll('\\', '/');
      return {
        path: path.replaceAll('NAME', facts.name).replace(/\.txt$/, ''),
        text: filledIn(readFileSync(source, 'utf8'), facts),
      };
    });
}

/** Files that are there, with their new lines; one after another, as several may go into one. */
function extendedFiles(additions, facts) {
  const texts = new Map();
  for (const { path, after, text } of additions) {
    const before = texts.get(path) ?? read(path);
    if (!before.includes(after)) {
      throw new Refusal(`${path} no longer has the line "${after.trim()}", ` +
        'behind which this belongs: please change tools/new.js to where it belongs now.');
    }
    texts.set(path, before.replace(after, () => after + filledIn(text, facts)));
  }
  return [...texts].map(([path, text]) => ({ path, text }));
}

function make(kind, givenName, ...rest) {
  if (!Object.hasOwn(kinds, kind ?? '')) {
    throw new Refusal(
      'What is to be made? npm run new -- lesson NAME, or exchange, screen, route.',
    );
  }
  const { noun, facts = () => ({}), isTaken = () => false, additions = [] } = kinds[kind];
  if (rest.length > 0) {
    throw new Refusal(`One name for ${noun}, please: "${rest.join(' ')}" is more.`);
  }
  // What others call x-slow-lane lies in slow-lane.ts.
  const name = kind === 'exchange' ? givenName?.replace(/^x-/, '') : givenName;
  checkName(noun, name);
  if (isTaken(name)) throw new Refusal(`There is ${noun} ${name} already.`);
  const known = { ...formsOf(name), ...facts() };
  const made = filesOf(kind, known);
  const there = made.find(({ path }) => existsSync(join(root, path)));
  if (there !== undefined) throw new Refusal(`There is a file ${there.path} already.`);
  const extended = extendedFiles(additions, known);
  for (const { path, text } of [...made, ...extended]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { name, made, extended };
}

/** How to see the new thing at work. */
function trial(kind, name, made) {
  if (kind === 'lesson') return `npx vitest run test/demo/scenarios.test.ts -t ${name}`;
  const test = made.find(({ path }) => path.endsWith('.test.ts')).path;
  return `${kind === 'screen' ? 'npm run build:demo && ' : ''}npx vitest run ${test}`;
}

try {
  const [kind, ...parameters] = process.argv.slice(2);
  const { name, made, extended } = make(kind, ...parameters);
  for (const { path } of made) process.stdout.write(`made ${path}\n`);
  for (const { path } of extended) process.stdout.write(`changed ${path}\n`);
  process.stdout.write(`Try it: ${trial(kind, name, made)}\n`);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
