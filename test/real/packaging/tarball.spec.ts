import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { packed, root, type Tarball } from './tarball.js';

interface Manifest {
  readonly name: string;
  readonly exports: Record<string, string | Record<string, string>>;
  readonly bin?: Record<string, string>;
  readonly schematics: string;
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
}

describe('The package', () => {
  let tarball: Tarball;
  let manifest: Manifest;

  beforeAll(async () => {
    tarball = await packed();
    manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  }, 600_000);

  it('holds what was compiled, the documentation, the changelog and the licence, and nothing else', () => {
    const others = tarball.files.filter((path) => !/^(dist|docs)\//.test(path));
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const compiled = tarball.files.filter((path) => path.startsWith('dist/'));
    expect(compiled.filter((path) => !/\.(js|js\.map|d\.ts)$/.test(path))).toEqual([
      'dist/schematics/collection.json',
      'dist/schematics/schema.json',
      'dist/third-party-licenses.txt',
    ]);
    const documents = tarball.files.filter((path) => path.startsWith('docs/'));
    // Pages and their pictures, the page for coding agents, and the files for Grafana and Prometheus.
    expect(
      documents.filter((path) => !/\.(md|png|svg)$|^docs\/llms\.txt$|^docs\/grafana\//.test(path)),
    ).toEqual([]);
  });

  it('holds no private key, no token of a package registry, and no path of the machine it was made on', async () => {
    for (const path of tarball.files) {
      const text = await readFile(join(root, path), 'utf8');
      expect([path, /-----BEGIN [A-Z ]*PRIVATE KEY-----\n\w|_authToken/.test(text)]).toEqual([path, false]);
      expect([path, text.includes(root)]).toEqual([path, false]);
    }
  });

  it('holds no spec, and no map without the sources it names', async () => {
    expect(tarball.files.filter((path) => /\.(spec|test)\./.test(path))).toEqual([]);
    for (const path of tarball.files.filter((name) => name.endsWith('.map'))) {
      const { sources, sourcesContent } = JSON.parse(await readFile(join(root, path), 'utf8')) as SourceMap;
      expect([path, sourcesContent.filter((text) => text.length > 0).length]).toEqual([path, sources.length]);
      const own = sources.filter((source) => !source.includes('/node_modules/'));
      expect(own.filter((source) => !/^(\.\.\/)+lib\/.*\.ts$/.test(source))).toEqual([]);
    }
  });

  it('holds every file that its exports, programs and schematics name', async () => {
    const collection = JSON.parse(await readFile(join(root, manifest.schematics), 'utf8')) as {
      readonly schematics: Record<string, { readonly factory: string; readonly schema: string }>;
    };
    const schematics = Object.values(collection.schematics).flatMap(({ factory, schema }) =>
      [factory.replace(/#.*/, ''), schema].map((path) => join(dirname(manifest.schematics), path)),
    );
    const targets = [
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
      ...Object.values(manifest.bin ?? {}),
      manifest.schematics,
      ...schematics,
    ].map((target) => target.replace(/^\.\//, ''));
    expect(targets.filter((target) => !tarball.files.includes(target))).toEqual([]);
  });

  it('links only to what is there, and from the package only to what is in it', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
    expect(links).toContain('docs/registries.md');
    for (const link of links) await expect(access(join(root, link))).resolves.toBeUndefined();
    expect(links.filter((link) => link.startsWith('docs/') && !tarball.files.includes(link))).toEqual([]);
  });

  it('passes publint', async () => {
    const said = await shell(process.execPath, [
      program('publint', 'src/cli.js'),
      'run',
      tarball.path,
      '--strict',
    ]);
    expect(said).toContain('All good!');
  });

  it('has types that resolve under every way to import it that can run it (attw)', async () => {
    const attw = shell(process.execPath, [
      program('@arethetypeswrong/cli', 'dist/index.js'),
      tarball.path,
      '--profile',
      'esm-only',
    ]);
    await expect(attw).resolves.toContain(manifest.name);
  });
});

function program(name: string, path: string): string {
  return join(root, 'node_modules', name, path);
}
