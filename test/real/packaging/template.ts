import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shell, type ShellOptions } from '../../../scripts/compatibility/shell.mjs';
import { GIT_SETTINGS } from '../../harness/git.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { Installation, NEST_12 } from './installation.js';
import { packed, root, type Tarball } from './tarball.js';

/** The program that the Nest CLI runs for each of its commands. */
const SCHEMATICS = join(root, 'node_modules', '@angular-devkit', 'schematics-cli', 'bin', 'schematics.js');

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** An application as `nest new` makes it, with the package and those that its build and its tests need, pinned. */
export class TemplateApplication {
  private constructor(
    private readonly parent: string,
    readonly folder: string,
  ) {}

  /** Creates the application of Nest 12's template and installs its packages and the library. */
  static async create(type: 'esm' | 'cjs'): Promise<TemplateApplication> {
    const parent = await tempFolder(`template-${type}`);
    try {
      const options = [
        '--name=shop',
        `--type=${type}`,
        '--language=ts',
        '--package-manager=npm',
        '--observe=false',
      ];
      const generate = [SCHEMATICS, '@nestjs/schematics:application', ...options];
      await shell(process.execPath, generate, { cwd: parent });
      const application = new TemplateApplication(parent, join(parent, 'shop'));
      const installation = await Installation.nest12();
      await installation.link(await application.pin(await packed()), application.folder);
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
    await this.run('git', [...GIT_SETTINGS, 'commit', '--quiet', '--message', 'state']);
  }

  async remove(): Promise<void> {
    await removeFolder(this.parent);
  }

  /** Pins what is installed, removes the rest, adds the package, and returns the names of all. */
  private async pin({ path }: Tarball): Promise<string[]> {
    const manifest = JSON.parse(await this.read('package.json')) as Manifest;
    for (const group of [manifest.dependencies, manifest.devDependencies]) {
      for (const name of Object.keys(group)) {
        const version = NEST_12[name];
        if (version === undefined) Reflect.deleteProperty(group, name);
        else group[name] = version;
      }
    }
    // For `nest add`, which lets npm install what it adds to the tests.
    manifest.dependencies['nestjs-sidekick'] = `file:${path}`;
    await writeFile(join(this.folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  }
}
