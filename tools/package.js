/**
 * What happens around `npm pack` and `npm publish`; npm calls it by the scripts of package.json.
 *
 * - `check`: refuses to publish before the owner has filled `author` and `repository` in
 *   package.json, the one place where they stand.
 * - `archive`: makes one file of the built playground, a third of its size.
 * - `fill`: puts into the folder what the package alone has: `homepage` and `bugs`, which follow
 *   from the repository, and links of the README that lead somewhere on npm's pages as well.
 *   Scripts and development packages go out.
 * - `restore`: takes that back.
 */
import {
  existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** npm runs its scripts in the folder of the package. */
const root = process.cwd();
const at = (path) => join(root, path);
const filled = ['package.json', 'README.md'];
/** Where what was filled lies meanwhile, beside what is built. */
const kept = (path) => at(`dist/.${path}.kept`);

class Refusal extends Error {}

/** `git+https://github.com/owner/name.git` without what git alone needs. */
function pageOf({ repository }) {
  const url = typeof repository === 'string' ? repository : repository?.url ?? '';
  const hosted = /^(?:github:)?([\w.-]+\/[\w.-]+)$/.exec(url);
  if (hosted) return `https://github.com/${hosted[1]}`;
  return url.replace(/^git\+/, '').replace(/^(ssh:\/\/)?git@([^:/]+)[:/]/, 'https://$2/')
    .replace(/^git:/, 'https:').replace(/\.git$/, '');
}

function authorOf({ author }) {
  return typeof author === 'string' ? author : author?.name ?? '';
}

function check() {
  const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const empty = [['author', authorOf(manifest)], ['repository.url', pageOf(manifest)]]
    .flatMap(([name, value]) => (value.trim() === '' ? [name] : []));
  if (empty.length === 0) return;
  throw new Refusal(`The package is not published: fill in ${empty.join(' and ')} in ` +
    'package.json first, from which its homepage, its page for bugs and the links of its README ' +
    'follow.');
}

/** The manifest as users get it. */
function published(manifest, page) {
  const fields = { ...manifest };
  for (const name of ['scripts', 'devDependencies']) delete fields[name];
  if (authorOf(manifest) === '') delete fields.author;
  if (page === '') delete fields.repository;
  else Object.assign(fields, { homepage: `${page}#readme`, bugs: { url: `${page}/issues` } });
  return fields;
}

/** Relative links as absolute ones, to this very version; pictures as they are. */
function withLinks(readme, page, version) {
  if (page === '') return readme;
  return readme.replace(/(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)]+)\)/g, (_all, picture, text, path) =>
    `${picture}${text}(${page}/${picture === '' ? 'blob' : 'raw'}/v${version}/${path})`);
}

/** The package has the guides as they are written, and not the documentation, which is larger. */
const guides = {
  'README.md': 'What TabMQ is', 'core/client/README.md': 'The client',
  'node/testing/README.md': 'The broker that a test owns',
  'browser/README.md': 'The broker in a tab',
  'node/README.md': 'The gateway', 'node/SETTINGS.md': 'Its settings',
  'node/COMMANDS.md': 'Its commands', 'node/SERVICE.md': 'The gateway as a service',
  'core/README.md': 'The broker as a library', 'core/storage/DURABILITY.md': 'What survives',
  'demo/README.md': 'The playground', 'demo/examples/README.md': 'Examples',
};

/** What the playground's link to the documentation leads to. */
function guidePage() {
  const { version, ...manifest } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const page = pageOf(manifest);
  const items = Object.entries(guides).map(([path, title]) => (page === ''
    ? `<li>${title}: <code>node_modules/tabmq/${path}</code></li>`
    : `<li><a href="${page}/blob/v${version}/${path}">${title}</a></li>`));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Guides to TabMQ</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<h1>Guides to TabMQ ${version}</h1>
<ul>
${items.join('\n')}
</ul>
</html>
`;
}

/** See `archivedFiles` in node/site-files.ts. */
function archive() {
  const folder = at('dist/demo');
  if (!existsSync(join(folder, 'sw.js'))) {
    throw new Refusal('The playground is not built: npm run build:demo builds it.');
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).isFile() && !/\.(br|gz)$/.test(path))
    .map((path) => [path.slice(folder.length).split(sep).join('/'), readFileSync(path)])
    .filter(([name]) => !name.startsWith('/docs/'));
  files.push(['/docs/index.html', Buffer.from(guidePage())]);
  files.sort(([one], [other]) => (one < other ? -1 : 1));
  const sizes = Object.fromEntries(files.map(([name, bytes]) => [name, bytes.length]));
  const whole = Buffer.concat([
    Buffer.from(`${JSON.stringify(sizes)}\n`), ...files.map(([, bytes]) => bytes),
  ]);
  writeFileSync(at('dist/playground.br'), brotliCompressSync(whole, { params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: whole.length,
  } }));
}

function fill() {
  restore();
  const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const readme = readFileSync(at('README.md'), 'utf8');
  const page = pageOf(manifest);
  for (const path of filled) renameSync(at(path), kept(path));
  writeFileSync(at('README.md'), withLinks(readme, page, manifest.version));
  writeFileSync(at('package.json'), `${JSON.stringify(published(manifest, page), null, 2)}\n`);
}

/** Also after a pack that was broken off. */
function restore() {
  for (const path of filled) if (existsSync(kept(path))) renameSync(kept(path), at(path));
}

try {
  const [, , step] = process.argv;
  const steps = { archive, check, fill, restore };
  const run = steps[step];
  if (run === undefined) {
    throw new Refusal(`A step is one of ${Object.keys(steps).join(', ')}, and not '${step}'.`);
  }
  run();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
