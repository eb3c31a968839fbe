/**
 * Makes of the sources, once they are compiled, what the doors of the package lead to:
 *
 * - `dist/lib`: CommonJS for Node in a few files that load fast, and beside each door a module
 *   that exports the same, so that `import` and `require` get the same classes;
 * - `dist/web`: modules for bundlers, without rxjs, of which a page shall have one;
 * - `dist/page`: what a page without a bundler puts over these: the rxjs that they use;
 * - `dist/types`: the declarations that the doors reach, and no others.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** What is behind each door, by the name of its file. */
const nodeDoors = {
  index: 'core/index', client: 'node/client', protocol: 'core/protocol/index', node: 'node/index',
  browser: 'browser/index', 'browser-client': 'browser/client', testing: 'node/testing/index',
};
const webDoors = {
  index: 'core/index', client: 'browser/client', protocol: 'core/protocol/index',
  browser: 'browser/index', 'broker-worker': 'browser/broker-worker',
};
/** By themselves, so that a bundler leaves the broker out where it runs in a worker. */
const webParts = {
  'open-broker': 'browser/open-broker', 'open-broker-here': 'browser/open-broker-here',
  install: 'browser/install', bridge: 'browser/bridge', tabmq: 'browser/whole',
};

/** These have modules alone, which Jest cannot require, or load more than is used of them. */
const partsOfNode = ['@noble/hashes', 'rxjs', 'tslib'];
const partsOfWeb = ['@noble/hashes'];

const isPackage = (id) => /^[a-z@]/.test(id) && !/^(core|node|browser)\//.test(id);
const allBut = (packages) => (id) =>
  isPackage(id) && !packages.some((name) => id === name || id.startsWith(`${name}/`));

/**
 * Of rxjs the broker uses little, and whole it takes longer to load than all the rest. The client
 * shares that of the program, whose settings say what becomes of errors that nobody handles.
 */
const clientSharesRxjs = {
  name: 'client-shares-rxjs',
  resolveId(id, importer = '') {
    const path = relative(root, importer).replaceAll('\\', '/');
    const shares = id === 'rxjs' && /^\w+\/client(\/|\.ts$)/.test(path);
    if (shares) return { id, external: true };
    // Node is led to the form of CommonJS, of which nothing can be left out.
    return id === 'rxjs' ? join(root, 'node_modules/rxjs/dist/esm/index.js') : undefined;
  },
};

/** Lines, and names of functions and classes, stay for whoever reads a stack trace. */
const legible = {
  minify: {
    mangle: { toplevel: false, keepNames: false }, compress: true,
    codegen: { removeWhitespace: false },
  },
};
/** What a page has to load. */
const small = { minify: { mangle: true, compress: true, codegen: { removeWhitespace: true } } };

async function write(folder, doors, { format, more, ...options }) {
  const dir = join(dist, folder);
  rmSync(dir, { recursive: true, force: true });
  const extension = format === 'cjs' ? 'cjs' : 'js';
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(Object.entries(doors).map(([name, path]) => [name, `${path}.ts`])),
    logLevel: 'warn',
    // The form of rxjs that is as modern as the target.
    resolve: { conditionNames: ['es2015', 'import', 'default'] },
    ...options,
  });
  const { output } = await bundle.write({
    dir, format, comments: { legal: true, annotation: true, jsdoc: false },
    entryFileNames: `[name].${extension}`, chunkFileNames: `[name]-[hash].${extension}`, ...more,
  });
  await bundle.close();
  return output;
}

async function writeForNode() {
  const doors = { ...nodeDoors, cli: 'node/cli' };
  const chunks = await write('lib', doors, {
    format: 'cjs', platform: 'node', external: allBut(partsOfNode), plugins: [clientSharesRxjs],
    more: legible,
  });
  for (const { name, isEntry, exports } of chunks) {
    if (!isEntry || nodeDoors[name] === undefined) continue;
    const names = exports.join(', ');
    const text = `import door from './${name}.cjs';\nexport const {\n  ${names},\n} = door;\n`;
    writeFileSync(join(dist, 'lib', `${name}.mjs`), text);
  }
}

const RXJS = /import\{([^}]*)\}from"rxjs"/g;

async function writeForPages() {
  const doors = { ...webDoors, ...webParts };
  const chunks = await write('web', doors, {
    format: 'esm', platform: 'browser', external: allBut(partsOfWeb), more: small,
  });
  const names = new Set();
  for (const { fileName, code } of chunks) {
    for (const [, list] of code.matchAll(RXJS)) {
      for (const name of list.split(',')) names.add(name.split(' as ')[0]);
    }
    const beside = code.replaceAll(RXJS, 'import{$1}from"./rxjs.js"');
    writeFileSync(join(dist, 'web', fileName), beside);
  }
  // Where there is no bundler, this file is replaced; workers have no import maps.
  const list = [...names].sort().join(', ');
  writeFileSync(join(dist, 'web', 'rxjs.js'), `export { ${list} } from 'rxjs';\n`);
  const rxjs = await rolldown({
    cwd: root, input: { rxjs: 'rxjs-in-use' }, platform: 'browser',
    resolve: { conditionNames: ['es2015', 'import', 'default'] },
    plugins: [{
      name: 'rxjs-in-use',
      resolveId: (id) => (id === 'rxjs-in-use' ? id : undefined),
      load: (id) => (id === 'rxjs-in-use'
        ? `export { ${list} } from 'rxjs';` : undefined),
    }],
  });
  await rxjs.write({ dir: join(dist, 'page'), entryFileNames: '[name].js', ...small });
  await rxjs.close();
}

/**
 * The declarations, as those of CommonJS, with a module beside each door: whoever imports it and
 * whoever requires it means the same types.
 */
function writeTypes() {
  const target = join(dist, 'types');
  rmSync(target, { recursive: true, force: true });
  const doors = [...new Set([...Object.values(nodeDoors), ...Object.values(webDoors)])]
    .map((path) => join(dist, `${path}.d.ts`));
  const texts = new Map();
  // What a door names is described; what only stands behind that is as it is.
  const described = new Set(doors);
  const rest = [...doors];
  for (let path = rest.shift(); path !== undefined; path = rest.shift()) {
    if (texts.has(path)) continue;
    const text = readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n')
      .replace(/(from |import\()(["'])(\.[^"']*)\.ts\2/g, '$1$2$3.js$2');
    texts.set(path, text);
    for (const [, , , name] of text.matchAll(/(from |import\()(["'])(\.[^"']*)\.js\2/g)) {
      const next = resolve(dirname(path), `${name}.d.ts`);
      if (doors.includes(path)) described.add(next);
      rest.push(next);
    }
  }
  for (const [path, text] of texts) {
    const kept = described.has(path) ? text : text.replace(/^ *\/\*\*[^]*?\*\/\n/gm, '');
    put(join(target, relative(dist, path)), kept);
  }
  for (const path of doors) {
    const door = join(target, relative(dist, path));
    const name = door.split(/[\\/]/).at(-1).replace(/d\.ts$/, 'js');
    put(door.replace(/ts$/, 'mts'), `export * from './${name}';\n`);
  }
  put(join(target, 'package.json'), '{ "type": "commonjs" }\n');
}

function put(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** What others ask of those who hand on their code. */
function writeLicences() {
  const texts = partsOfNode.map((name) => {
    const folder = join(root, 'node_modules', name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name}\n${'='.repeat(name.length)}\n\n${readFileSync(join(folder, file), 'utf8')}`;
  });
  put(join(dist, 'LICENSES.txt'), texts.join('\n\n'));
}

if (!existsSync(join(dist, 'core', 'index.d.ts'))) {
  process.stderr.write('There is nothing to bundle yet: npm run setup compiles first.\n');
  process.exit(1);
}
await Promise.all([writeForNode(), writeForPages()]);
writeTypes();
writeLicences();
