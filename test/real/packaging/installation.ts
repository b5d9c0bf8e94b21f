import { readFileSync } from 'node:fs';
import { link, mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { NPM_INSTALL, shell } from '../../../scripts/compatibility/shell.mjs';
import { oncePerRun } from '../../harness/once-per-run.js';
import { packed } from './tarball.js';

/** Longer than an installation takes, even beside many other processes. */
const INSTALL_TIMEOUT_MS = 480_000;

/** Milliseconds for npm to install, here or in another worker, and for the compiler. */
export const PATIENCE = 600_000;

/** Installs packages, and the dependencies of the package.json in the folder. */
export async function npmInstall(folder: string, ...packages: readonly string[]): Promise<void> {
  await shell('npm', [...NPM_INSTALL, ...packages], { cwd: folder, timeout: INSTALL_TIMEOUT_MS });
}

/** The packages of the applications with Nest 12, besides ours: those of their tests and of both templates of `nest new`. */
export const NEST_12: Readonly<Record<string, string>> = {
  '@grpc/grpc-js': '1.14.7',
  '@grpc/proto-loader': '0.8.1',
  '@nestjs/axios': '12.0.1',
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/microservices': '12.1.1',
  '@nestjs/platform-express': '12.5.1',
  '@nestjs/testing': '12.1.1',
  '@types/express': '5.0.6',
  '@types/jest': '30.0.0',
  '@types/node': '20.19.43',
  '@types/supertest': '7.2.1',
  axios: '1.21.1',
  esbuild: '0.28.2',
  etcd3: '^1.1.2',
  jest: '30.5.2',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.2',
  supertest: '^7.0.0',
  'ts-jest': '29.4.15',
  'ts-node': '10.9.2',
  typescript: '6.0.3',
  'typescript-5.0.4': 'npm:typescript@5.0.4',
  'typescript-7.0.2': 'npm:typescript@7.0.2',
  'vite-tsconfig-paths': '5.1.4',
  vitest: '^4.1.2',
};

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/**
 * What one `npm install` of {@link NEST_12} and the packed package installs. An application gets hard links to the
 * packages that it names and to those that they need, as if npm had installed these alone.
 */
export class Installation {
  private constructor(private readonly folder: string) {}

  /** Returns the installation, which is made once in a run of Jest. */
  static async nest12(): Promise<Installation> {
    const folder = await oncePerRun('nest-12', async (place) => {
      const dependencies = { ...NEST_12, 'nestjs-sidekick': `file:${(await packed()).path}` };
      const manifest = { name: 'nest-12', private: true, dependencies };
      await writeFile(join(place, 'package.json'), JSON.stringify(manifest));
      await npmInstall(place);
    });
    return new Installation(folder);
  }

  /**
   * Adds packages to the `node_modules` of a folder, which is on the same file system.
   *
   * @throws Error if a package is not installed
   */
  async link(names: readonly string[], folder: string): Promise<void> {
    const packages = new Set<string>();
    for (const name of names) {
      const found = this.find(name, '');
      if (found === undefined) throw new Error(`Expected "${name}" to be one of the installed packages.`);
      this.collect(found, packages);
    }
    for (const path of packages) await linkTree(join(this.folder, path), join(folder, path));
    await this.linkPrograms(packages, folder);
  }

  /** Adds a package and everything that it requires, by their paths below the folder. */
  private collect(path: string, packages: Set<string>): void {
    if (packages.has(path)) return;
    packages.add(path);
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(this.folder, path, 'package.json'), 'utf8'),
    ) as Manifest;
    const peers = Object.keys(peerDependencies ?? {}).filter(
      (name) => !peerDependenciesMeta?.[name]?.optional,
    );
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      // Optional ones for other platforms are not there.
      const found = this.find(name, path);
      if (found !== undefined) this.collect(found, packages);
    }
  }

  /** Finds a package as Node does, from a folder upwards. */
  private find(name: string, from: string): string | undefined {
    const path = join(from, 'node_modules', name);
    try {
      readFileSync(join(this.folder, path, 'package.json'));
      return path;
    } catch {
      if (from === '') return undefined;
      const parent = dirname(from);
      return this.find(name, parent === '.' ? '' : parent);
    }
  }

  private async linkPrograms(packages: ReadonlySet<string>, folder: string): Promise<void> {
    const programs = join('node_modules', '.bin');
    await mkdir(join(folder, programs), { recursive: true });
    for (const name of await readdir(join(this.folder, programs))) {
      const target = await readlink(join(this.folder, programs, name));
      const file = join(programs, target);
      const owned = [...packages].some((path) => !relative(path, file).startsWith('..'));
      if (owned) await symlink(target, join(folder, programs, name)).catch(unlessThere);
    }
  }
}

/** Links the files of a package, without the packages inside of it. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else await link(source, target).catch(unlessThere);
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
