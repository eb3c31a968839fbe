/** The project's own files, as the tidy rules see them. */
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ProjectFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Finds what breaks a rule in one file: a sentence each. */
export type Rule = (file: ProjectFile) => string[];

/** Finds what breaks a rule that is about all files together. */
export type ProjectRule = (files: readonly ProjectFile[]) => string[];

export const root = fileURLToPath(new URL('../..', import.meta.url));

const madeByTools = ['.git', '.pytest_cache', '__pycache__', 'coverage', 'dist', 'node_modules', 'results'];
const textExtensions = ['.c', '.css', '.h', '.html', '.js', '.json', '.md', '.py', '.svelte', '.ts'];
const codeExtensions = ['.c', '.h', '.js', '.py', '.ts'];

export function projectFiles(folder = root): ProjectFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (madeByTools.includes(entry.name)) return [];
    if (entry.isDirectory()) return projectFiles(path);
    if (!textExtensions.includes(extname(path))) return [];
    return [{ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }];
  });
}

export const isCode = ({ path }: ProjectFile): boolean => codeExtensions.includes(extname(path));
export const isScript = ({ path }: ProjectFile): boolean => /\.(ts|js)$/.test(path);
export const isTest = ({ path }: ProjectFile): boolean => path.startsWith('test/');
