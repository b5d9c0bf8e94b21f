import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { shell, type ShellOptions } from './shell.js';
import { pack, root } from './tarball.js';

/** The packages of the templates that their build and their tests need, pinned. The others are left out. */
const VERSIONS: Readonly<Record<string, string>> = {
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  '@nestjs/testing': '12.1.1',
  '@types/express': '5.0.6',
  '@types/jest': '30.0.0',
  '@types/node': '24.19.4',
  '@types/supertest': '7.2.1',
  jest: '30.5.2',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  supertest: '7.3.2',
  'ts-jest': '29.4.15',
  'ts-node': '10.9.2',
  typescript: '6.0.3',
  'vite-tsconfig-paths': '5.1.4',
  vitest: '4.1.12',
};

const NPM = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** An application as `nest new` makes it, with the package installed from its tarball. */
export class TemplateApplication {
  private constructor(
    private readonly parent: string,
    readonly folder: string,
  ) {}

  /** Creates the application of Nest 12's template and installs its packages and the library. */
  static async create(type: 'esm' | 'cjs'): Promise<TemplateApplication> {
    const parent = await tempFolder(`template-${type}`);
    try {
      const tarball = await pack(parent);
      const options = [
        '--name=shop',
        `--type=${type}`,
        '--language=ts',
        '--package-manager=npm',
        '--observe=false',
      ];
      const schematics = join(
        root,
        'node_modules',
        '@angular-devkit',
        'schematics-cli',
        'bin',
        'schematics.js',
      );
      const generate = [schematics, '@nestjs/schematics:application', ...options];
      await shell(process.execPath, generate, { cwd: parent });
      const application = new TemplateApplication(parent, join(parent, 'shop'));
      await application.pin();
      await application.run('npm', ['install', ...NPM, tarball.path]);
      return application;
    } catch (error) {
      await removeFolder(parent);
      throw error;
    }
  }

  /** Runs `nest add nestjs-sidekick` without the installation of the package, which is not published here. */
  async nestAdd(...flags: readonly string[]): Promise<string> {
    const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
    return await this.run(process.execPath, [nest, 'add', 'nestjs-sidekick', '--skip-install', ...flags]);
  }

  async run(program: string, args: readonly string[], options: ShellOptions = {}): Promise<string> {
    return await shell(program, args, { cwd: this.folder, ...options });
  }

  async read(path: string): Promise<string> {
    return await readFile(join(this.folder, path), 'utf8');
  }

  /** Returns the files outside of node_modules with their content, as Git sees them. */
  async changes(): Promise<string[]> {
    const status = await this.run('git', ['status', '--porcelain', '--untracked-files=all']);
    return status
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(3))
      .sort();
  }

  /** Makes the present state the one that {@link changes} compares with. */
  async commit(): Promise<void> {
    await writeFile(join(this.folder, '.gitignore'), 'node_modules\ndist\npackage-lock.json\n');
    await this.run('git', ['init', '--quiet']);
    await this.run('git', ['add', '--all']);
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
    await this.run('git', [...author, 'commit', '--quiet', '--message', 'state']);
  }

  async remove(): Promise<void> {
    await removeFolder(this.parent);
  }

  private async pin(): Promise<void> {
    const manifest = JSON.parse(await this.read('package.json')) as Manifest;
    for (const group of [manifest.dependencies, manifest.devDependencies]) {
      for (const name of Object.keys(group)) {
        const version = VERSIONS[name];
        if (version === undefined) Reflect.deleteProperty(group, name);
        else group[name] = version;
      }
    }
    await writeFile(join(this.folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  }
}
