/** Finds the tests that need nothing of Node, so that they run in a browser as they stand. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What tests the core, and nothing around it; the simulator is a machine of its own everywhere. */
const folders = ['protocol', 'session', 'broker', 'storage', 'client', 'management'];
const packages = ['fast-check', 'rxjs', 'vitest'];

/** Names that only Node knows. */
const nodeNames = ['Buffer', 'process', 'require', 'setImmediate', '__dirname'];

const judged = new Map<string, boolean>();

/** Whether a file, and all that it imports, needs no Node. */
function isNodeFree(path: string): boolean {
  const known = judged.get(path);
  if (known !== undefined) return known;
  // What imports itself by a detour is judged by the rest of it.
  judged.set(path, true);
  const text = readFileSync(path, 'utf8');
  // The compiler has shown already that the core knows nothing of Node.
  const isCore = path.startsWith(join(root, 'core'));
  const free = (isCore || !usesNodeNames(text)) && ts.preProcessFile(text, true, true).importedFiles.every(
    ({ fileName }) => {
      if (!fileName.startsWith('.')) return packages.includes(fileName);
      return fileName.endsWith('?raw') || isNodeFree(join(dirname(path), fileName));
    },
  );
  judged.set(path, free);
  return free;
}

/** Types may name what Node has; they are gone when the test runs. */
function usesNodeNames(text: string): boolean {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, removeComments: true, verbatimModuleSyntax: true },
  });
  const source = ts.createSourceFile('a.js', outputText, ts.ScriptTarget.ESNext);
  const found = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && nodeNames.includes(node.text)) || ts.forEachChild(node, found) === true;
  return found(source);
}

function testsIn(folder: string): string[] {
  return readdirSync(join(root, 'test', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', folder, name));
}

/** Paths from the root of the project. */
export function nodeFreeTests(): string[] {
  return folders.flatMap(testsIn).filter((path) => isNodeFree(join(root, path)));
}
