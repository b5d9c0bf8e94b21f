import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const LIB = fileURLToPath(new URL('../../lib/', import.meta.url));

const DRIVERS = ['memory', 'file', 'fixed', 'dns', 'etcd', 'consul'].map((driver) => `registry/${driver}`);

/** What each room may import besides itself. */
const ARROWS: Record<string, readonly string[]> = {
  kernel: [],
  nest: ['kernel'],
  tls: ['kernel'],
  etcd: ['kernel', 'tls'],
  containerpilot: ['kernel'],
  registry: ['kernel'],
  'registry/memory': ['kernel', 'registry'],
  'registry/file': ['kernel', 'registry'],
  'registry/fixed': ['kernel', 'registry'],
  'registry/dns': ['kernel', 'registry'],
  'registry/consul': ['kernel', 'tls', 'registry'],
  'registry/etcd': ['kernel', 'registry', 'etcd'],
  'registry/contract': ['kernel', 'registry'],
  // The table of URLs: the one place that knows every driver, and only how its URLs are read.
  'registry/url': ['kernel', 'registry', ...DRIVERS],
  heartbeat: ['kernel', 'registry'],
  discovery: ['kernel', 'registry'],
  balancing: ['kernel', 'registry', 'discovery'],
  sidekick: ['kernel', 'nest', 'registry', 'registry/url', 'heartbeat', 'containerpilot'],
  // `fixed` without instances is the registry of a module that is not enabled.
  piloted: [
    'kernel',
    'nest',
    'registry',
    'registry/url',
    'registry/fixed',
    'discovery',
    'balancing',
    'containerpilot',
  ],
  testing: ['kernel', 'registry', 'registry/memory', 'registry/contract', 'discovery', 'piloted'],
};
const OUTER = ['integrations', 'cli', 'subpaths', '(root)'];

/** Packages that only some rooms may import. */
const PACKAGES: readonly { readonly name: RegExp; readonly rooms: readonly string[] }[] = [
  { name: /^@nestjs\//, rooms: ['nest', 'sidekick', 'piloted', 'testing', ...OUTER] },
  { name: /^(etcd3|@grpc\/)/, rooms: ['etcd', 'registry/etcd', 'integrations'] },
  { name: /^consul$/, rooms: ['registry/consul'] },
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly lazy: boolean;
}

function room(file: string): string {
  const parts = relative(LIB, file).split('/');
  if (parts.length === 1) return '(root)';
  if (parts.join('/') === 'registry/url.ts') return 'registry/url';
  if (parts[0] === 'registry' && parts.length > 2) return `registry/${parts[1]}`;
  return parts[0]!;
}

const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .map((name) => join(LIB, name));

const imports: Import[] = sources.flatMap((from) => {
  const text = readFileSync(from, 'utf8');
  const lazy = new Set([...text.matchAll(/import\('([^']+)'\)/g)].map((match) => match[1]));
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => ({
    from,
    to: fileName.startsWith('.') ? resolve(dirname(from), fileName).replace(/\.js$/, '.ts') : fileName,
    lazy: lazy.has(fileName),
  }));
});

function cycles(): string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, lazy } of imports) if (!lazy) edges.set(from, [...(edges.get(from) ?? []), to]);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].map((name) => relative(LIB, name)).join(' → '));
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
    expect(sources.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(20);
  });

  it('has no arrow but those of docs/architecture.md', () => {
    const wrong = imports
      .filter(({ to }) => to.startsWith(LIB))
      .map(({ from, to }) => ({ from, to, source: room(from), target: room(to) }))
      .filter(({ source, target }) => {
        if (source === target || OUTER.includes(source)) return false;
        return !(ARROWS[source] ?? []).includes(target);
      })
      .map(({ from, to }) => `${relative(LIB, from)} → ${relative(LIB, to)}`);
    expect(wrong).toEqual([]);
  });

  it('reads URLs without loading a driver', () => {
    const wrong = imports.filter(
      ({ from, to }) => room(from) === 'registry/url' && DRIVERS.includes(room(to)),
    );
    expect(wrong.map(({ to }) => relative(LIB, to)).filter((to) => !to.endsWith('/url.ts'))).toEqual([]);
  });

  it('loads no optional package before it is used', () => {
    const reached = new Set<string>();
    const reach = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to, lazy } of imports) if (from === file && !lazy) reach(to);
    };
    reach(join(LIB, 'index.ts'));
    expect([...reached].filter((name) => /^(etcd3|consul|@grpc\/)/.test(name))).toEqual([]);
  });

  it('knows every room', () => {
    const known = new Set([...Object.keys(ARROWS), ...OUTER]);
    expect([...new Set(sources.map(room))].filter((name) => !known.has(name))).toEqual([]);
  });

  it('has no cycle', () => {
    expect(cycles()).toEqual([]);
  });

  it('imports packages only where they belong', () => {
    const wrong = imports.filter(({ from, to }) =>
      PACKAGES.some(({ name, rooms }) => name.test(to) && !rooms.includes(room(from))),
    );
    expect(wrong.map(({ from, to }) => `${relative(LIB, from)} → ${to}`)).toEqual([]);
  });
});
