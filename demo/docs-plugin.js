/**
 * What the API reference needs beyond the settings of TypeDoc: modules are named as they are
 * imported, guides by their heading, and each page says in its head what it may load.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { Converter, PageEvent, ReflectionKind, RendererEvent } from 'typedoc';

const root = resolve(import.meta.dirname, '..');

/** For whom a guide is. */
const groups = [
  ['Work on it', /^(CONTRIBUTING|CHANGELOG)|^test\//],
  ['Use it', /^(node|browser|demo\/examples)\/|^(core|demo)\/README|^core\/(client|storage\/D)/],
  ['Inside the core', /^core\//],
  ['Inside the playground', /^demo\//],
];

/** Names of imports, by the source that is behind each door of the package. */
function doors() {
  const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
  return new Map(Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([door, { require: target }]) => [
      (target.default.types ?? target.types).replace('./dist/types/', '').replace(/d\.ts$/, 'ts'),
      door.replace('.', 'tabmq'),
    ]));
}

function nameGuide(guide, path) {
  const heading = /^# (.*)\n/.exec(guide.content[0].text.trimStart());
  if (heading === null) return;
  guide.name = heading[1].replaceAll('`', '');
  guide.frontmatter.group = groups.find(([, pattern]) => pattern.test(path))?.[0] ?? 'Work on it';
}

/** The sign of the playground, which its page holds itself. */
const playground = readFileSync(resolve(root, 'demo/index.html'), 'utf8');
const [icon] = /<link rel="icon"[^\n]*>/.exec(playground);

/** The page with its policy, and with the way back to the playground. */
function finish(page, url) {
  const up = '../'.repeat(url.split('/').length);
  const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) =>
    `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  const policy = [
    "default-src 'none'", `script-src 'self' ${scripts.join(' ')}`, "connect-src 'self'",
    "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`;
  return page
    .replace('<head>', `<head>${meta}${icon}`)
    .replaceAll('href="playground:"', `href="${up}index.html"`);
}

/** Writes each file of text once more as brotli and gzip, as the build of the playground does. */
function compress(folder) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 7 };
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/\.(html|js|css|svg)$/.test(name)) continue;
    const path = join(folder, name);
    const bytes = readFileSync(path);
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
    writeFileSync(`${path}.gz`, gzipSync(bytes));
  }
}

export function load(app) {
  const pathOf = (reflection) =>
    relative(root, app.files.getReflectionPath(reflection) ?? '').split(sep).join('/');
  const names = doors();
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    reflection.name = names.get(pathOf(reflection)) ?? reflection.name;
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, guide) =>
    nameGuide(guide, pathOf(guide)));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const accessor of project.getReflectionsByKind(ReflectionKind.Accessor)) {
      const { getSignature, setSignature } = accessor;
      // An attribute is described once, where it is read.
      if (setSignature) setSignature.comment ??= getSignature?.comment?.clone();
    }
  });
  app.renderer.on(PageEvent.END, (page) => {
    page.contents &&= finish(page.contents, page.url);
  });
  app.renderer.on(RendererEvent.END, ({ outputDirectory }) => compress(outputDirectory));
}
