import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the blocks stand for the compiler. The files are in memory only. */
const FOLDER = join(ROOT, '.docs-blocks');

/** The compiler options of the templates of `nest new`, with the package's names mapped to its sources. */
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts'],
  types: ['node', 'jest'],
  strict: true,
  exactOptionalPropertyTypes: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
  paths: {
    'nestjs-sidekick': [join(ROOT, 'lib/index.ts')],
    'nestjs-sidekick/*': [join(ROOT, 'lib/*/index.ts'), join(ROOT, 'lib/registries/*/index.ts')],
  },
};

/** Packages that applications have and this repository has not. */
const STAND_INS = {
  [join(FOLDER, 'node_modules/supertest/package.json')]: '{"name":"supertest","types":"index.d.ts"}',
  [join(FOLDER, 'node_modules/supertest/index.d.ts')]: `
    interface Test extends Promise<{ body: unknown }> { expect(status: number, body?: unknown): Test }
    declare function request(app: unknown): { get(path: string): Test };
    export = request;`,
};

/** A block of TypeScript of a page. */
interface Block {
  readonly page: string;
  /** Its first line in the page, from 1. */
  readonly line: number;
  /** From its first line `// src/app.module.ts`, where it has one. */
  readonly name: string | undefined;
  readonly code: string;
  /**
   * The code that is compiled before it: the text of the comment `<!-- given: … -->` right above the block. For blocks that
   * continue another one, or that use what is the reader's own.
   */
  readonly given: string;
}

const BLOCK = /(?:^<!-- given:\s(.*?)-->\n\n)?^```(?:ts|typescript)\n((?:\/\/ (src\/\S+\.ts)\n)?.*?)^```$/gms;

function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(BLOCK)].map((match) => {
    const [whole, given = '', code = '', name] = match;
    const before = text.slice(0, match.index + whole.indexOf(`\n${code}`, whole.indexOf('```')) + 1);
    return { page, line: before.split('\n').length, name, code, given };
  });
}

/** The documentation's pages by their paths. */
function pages(): [string, string][] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)].map((path) => [
    path,
    readFileSync(join(ROOT, path), 'utf8'),
  ]);
}

interface VirtualFile {
  readonly block: Block;
  readonly text: string;
}

/** The blocks as files: named ones of a page are in one folder, which they import each other from. */
function filesOf(blocks: readonly Block[], folder: string): Map<string, VirtualFile> {
  const files = new Map<string, VirtualFile>();
  for (const block of blocks) {
    const name = block.name ?? `line-${block.line}.ts`;
    const path = join(folder, block.page.replace(/\W/g, '-'), name);
    files.set(path, { block, text: `${block.given.trimEnd()}\n${block.code}` });
  }
  return files;
}

/** The last program: its files that are not blocks serve the next one too. */
let last: ts.Program | undefined;

/** The compiler's errors in the blocks: «docs/piloted.md:12: Cannot find name 'x'.» */
function complaints(
  files: ReadonlyMap<string, VirtualFile>,
  manifests: Record<string, string> = {},
): string[] {
  const host = ts.createCompilerHost(OPTIONS);
  const text = (path: string): string | undefined => files.get(path)?.text ?? manifests[path];
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.fileExists = (path) => text(path) !== undefined || fileExists(path);
  host.readFile = (path) => text(path) ?? readFile(path);
  host.directoryExists = (path) => path.startsWith(FOLDER) || (directoryExists?.(path) ?? true);
  host.getSourceFile = (path, options, ...rest) => {
    const given = text(path);
    if (given === undefined) return last?.getSourceFile(path) ?? getSourceFile(path, options, ...rest);
    return ts.createSourceFile(path, given, options, true);
  };
  const program = ts.createProgram({ rootNames: [...files.keys()], options: OPTIONS, host });
  last = program;
  return [...files].flatMap(([path, { block, text: whole }]) => {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start = 0, messageText }) => {
      const preamble = whole.length - block.code.length;
      const line = block.line + whole.slice(preamble, Math.max(start, preamble)).split('\n').length - 1;
      return `${block.page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

describe('The TypeScript of the documentation', () => {
  const all = pages().flatMap(([page, text]) => blocksOf(page, text));
  /** Each declaration holds for a whole program. */
  const declaring = new Set(
    all.filter(({ code }) => code.includes("declare module 'nestjs-sidekick'")).map(({ page }) => page),
  );

  it('is found', () => {
    const fences = pages().flatMap(([, text]) => [...text.matchAll(/^```(?:ts|typescript)\b/gm)]);
    expect(all).toHaveLength(fences.length);
    expect(all.length).toBeGreaterThan(10);
  });

  it('compiles', () => {
    const undeclared = all.filter(({ page }) => !declaring.has(page));
    expect(complaints(filesOf(undeclared, FOLDER), STAND_INS)).toEqual([]);
  });

  it('compiles on pages that declare the names of services', () => {
    expect(declaring).toEqual(new Set(['docs/typed-names.md']));
    const declared = all.filter(({ page }) => declaring.has(page));
    expect(complaints(filesOf(declared, FOLDER))).toEqual([]);
  });

  it('compiles in an application of CommonJS modules, with the endings that README.md names for it', () => {
    const folder = join(FOLDER, 'commonjs');
    const named = all.filter(({ name, page }) => name !== undefined && !declaring.has(page));
    const blocks = named.map((block) => ({
      ...block,
      code: block.code.replaceAll(/ from '(\.\/.*)\.js';/g, " from '$1';"),
    }));
    expect(blocks.map(({ name }) => name)).toContain('src/main.ts');
    const manifest = { [join(folder, 'package.json')]: '{"type":"commonjs"}' };
    expect(complaints(filesOf(blocks, folder), { ...STAND_INS, ...manifest })).toEqual([]);
  });

  it('is reported with its page and line', () => {
    const page =
      'text\n\n<!-- given: declare const a: number; -->\n\n```ts\nconst b = a;\nconst c: string = b;\n```\n';
    expect(complaints(filesOf(blocksOf('docs/x.md', page), FOLDER))).toEqual([
      "docs/x.md:7: Type 'number' is not assignable to type 'string'.",
    ]);
  });
});

/** Names such as `lib/etcd-client/{endpoint-selection,transport}.spec`, with each alternative on its own. */
function alternatives(name: string): string[] {
  const [whole, list] = /\{([^}]*)\}/.exec(name) ?? [];
  return list === undefined
    ? [name]
    : list.split(',').flatMap((part) => alternatives(name.replace(whole!, part)));
}

describe('The documentation', () => {
  it('names only files and folders of the repository that exist', () => {
    const files = ['lib', 'test'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name).replaceAll('\\', '/'),
      ),
    );
    const named = pages().flatMap(([page, text]) =>
      [...text.matchAll(/`((?:lib|test)\/[\w./{},-]+)`/g)].flatMap(([, name]) =>
        alternatives(name!).map((path) => ({ page, path })),
      ),
    );
    expect(named.length).toBeGreaterThan(50);
    const missing = named.filter(
      ({ path }) => !files.some((file) => file.startsWith(path.replace(/\/$/, ''))),
    );
    // A file of the reader's application.
    expect(missing.filter(({ path }) => path !== 'test/jest-e2e.json')).toEqual([]);
  });
});
