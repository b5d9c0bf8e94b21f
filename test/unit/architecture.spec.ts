import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { folderOf, folders, packages } from '../../scripts/architecture/table.mjs';
import { withPicture } from '../../scripts/architecture/picture.mjs';

const LIB = fileURLToPath(new URL('../../lib/', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/architecture.md', import.meta.url));

interface Import {
  /** Path of the importing file, relative to `lib/`. */
  readonly from: string;
  /** Path of the imported file, relative to `lib/`, or the name of a package. */
  readonly to: string;
  readonly own: boolean;
  /** By `import()`, when it is used. */
  readonly lazy: boolean;
  /** Of types alone: nothing is loaded. */
  readonly type: boolean;
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'));
const sources = files.filter((name) => !name.endsWith('.spec.ts'));

function importsOf(from: string): Import[] {
  const text = readFileSync(join(LIB, from), 'utf8');
  const lazy = new Set([...text.matchAll(/import\('([^']+)'\)/g)].map((match) => match[1]));
  const type = new Set(
    [...text.matchAll(/^(?:im|ex)port type [^;]*? from '([^']+)'/gms)].map((match) => match[1]),
  );
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    const own = fileName.startsWith('.');
    const to = own
      ? relative(LIB, resolve(LIB, dirname(from), fileName))
          .replaceAll('\\', '/')
          .replace(/\.js$/, '.ts')
      : fileName;
    return { from, to, own, lazy: lazy.has(fileName), type: type.has(fileName) };
  });
}

const imports = sources.flatMap(importsOf);
const allowed = new Map(folders.map(({ folder, imports: may }) => [folder, new Set(may)]));
const shown = ({ from, to }: Import): string => `${from} -> ${to}`;

const ADVICE = 'The table is scripts/architecture/table.mjs; after a change run `npm run docs:architecture`.';

/** Whether the table names the dependency. */
function isAllowed(from: string, to: string): boolean {
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === undefined || target === undefined) return false;
  return source === target || (allowed.get(source)?.has(target) ?? false);
}

function cycles(): string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, own, lazy } of imports) {
    if (own && !lazy) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  return found;
}

describe('architecture', () => {
  it('reads the library', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(500);
    expect(imports.filter(({ own, to }) => own && !files.includes(to)).map(shown)).toEqual([]);
  });

  it('knows the folder of every file', () => {
    const unknown = sources.filter((file) => folderOf(file) === undefined);
    expect(unknown.map((file) => `lib/${file} is in no folder of the table. ${ADVICE}`)).toEqual([]);
    const empty = folders.filter(({ folder }) => !sources.some((file) => folderOf(file) === folder));
    expect(empty.map(({ folder }) => `the table has lib/${folder}, which has no file. ${ADVICE}`)).toEqual(
      [],
    );
  });

  it('has no dependency but those of the table', () => {
    // A file outside the table is reported by the test above.
    const forbidden = imports.filter(
      ({ from, to, own }) =>
        own && folderOf(from) !== undefined && folderOf(to) !== undefined && !isAllowed(from, to),
    );
    expect(
      forbidden.map(
        ({ from, to }) =>
          `lib/${from} imports lib/${to}: the table does not let ${folderOf(from)} import ${folderOf(to)}. Move the code to a folder that both may import, or change the table. ${ADVICE}`,
      ),
    ).toEqual([]);
  });

  it('would find a forbidden one', () => {
    expect(isAllowed('etcd/etcd.module.ts', 'cli/piloted.ts')).toBe(false);
    expect(isAllowed('sidekick/sidekick.module.ts', 'piloted/piloted.module.ts')).toBe(false);
    expect(isAllowed('index.ts', 'cli/piloted.ts')).toBe(false);
    expect(isAllowed('unknown/file.ts', 'common/clock.ts')).toBe(false);
  });

  it('has no cycle', () => {
    expect(cycles()).toEqual([]);
  });

  it('has no folder of one file', () => {
    const count = new Map<string, number>();
    for (const file of sources) count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1);
    const folderOnly = [...count].filter(([folder, n]) => {
      const parent = files.some((file) => file.startsWith(`${folder}/`) && dirname(file) !== folder);
      return folder !== '.' && n === 1 && !parent;
    });
    expect(folderOnly).toEqual([]);
  });

  it('reads URLs without loading a driver', () => {
    const direct = imports.filter(
      ({ from, to }) => from === 'registries/registry-url.ts' && to.startsWith('registries/'),
    );
    expect(direct.map(({ to }) => to).filter((to) => !to.endsWith('/url.ts'))).toEqual([]);
  });

  it('imports packages only where they belong', () => {
    const wrong = imports.filter(({ from, to }) =>
      packages.some(({ name, folders: may }) => name.test(to) && !may.includes(folderOf(from) ?? '')),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it('loads no optional package before it is used', () => {
    const reached = new Set<string>();
    const reach = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to, lazy, type } of imports) if (from === file && !lazy && !type) reach(to);
    };
    reach('index.ts');
    expect([...reached].filter((name) => /^(etcd3|consul|@grpc\/)/.test(name))).toEqual([]);
  });

  // Also `import { type … }` loads the package. Values come from optionalPeer().
  it('imports types alone of etcd3 and consul, by `import type`', () => {
    const imported = /^import (?!type )(?:[^;]*? from )?'(?:etcd3|consul)'/m;
    expect(sources.filter((file) => imported.test(readFileSync(join(LIB, file), 'utf8')))).toEqual([]);
  });

  it('is drawn in docs/architecture.md as it is', () => {
    const squeezed = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
    const page = readFileSync(PAGE, 'utf8');
    expect(squeezed(page)).toBe(squeezed(withPicture(page)));
  });
});
