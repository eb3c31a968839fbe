/**
 * Writes the matrix from the results that the tests left: those of pika, and of every vitest test
 * whose title names what it covers. `npm test` leaves it in test/results, as a run of the tests
 * changes no file of the project; `npm run matrix` writes MATRIX.md. Result files may be given as
 * parameters instead.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readResults } from './results.ts';
import { tabulate } from './tabulate.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const keeps = process.argv.includes('--keep');
const target = here(keeps ? 'MATRIX.md' : '../results/MATRIX.md');
const given = process.argv.slice(2).filter((parameter) => parameter !== '--keep');
const files = given.length > 0 ? given : [here('../results/pika.json'), here('../results/vitest.json')];
const missing = files.filter((file) => !existsSync(file));

if (missing.length > 0) {
  // Without them the matrix would call untested what only was not run.
  process.stdout.write(`No ${missing.join(' and no ')}: the compliance matrix stays as it is.\n`);
} else {
  writeFileSync(target, tabulate(files.flatMap(readResults)));
  process.stdout.write(`Written: ${relative(process.cwd(), target)}\n`);
}
