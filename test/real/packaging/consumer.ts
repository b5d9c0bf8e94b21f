import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TSCONFIG } from '../../../scripts/compatibility/application.mjs';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { Application } from './application.js';
import { Installation, npmInstall } from './installation.js';
import { packed } from './tarball.js';

const OURS = 'nestjs-sidekick';

/** The settings of `nest new`, with every check enabled, those of third-party declarations included. */
const STRICT = {
  ...TSCONFIG,
  compilerOptions: { ...TSCONFIG.compilerOptions, skipLibCheck: false, noEmitOnError: true },
};

/** A version of TypeScript, and how it resolves modules. */
export interface Compiler {
  readonly version: string;
  readonly module: string;
  readonly moduleResolution: string;
}

export interface ConsumerPlan {
  readonly type: 'module' | 'commonjs';
  /** Its packages with their versions, which npm installs for it; or names of `NEST_12`, whose installation is shared. */
  readonly dependencies: Readonly<Record<string, string>> | readonly string[];
  /** The alias of the TypeScript that compiles it. */
  readonly typescript: `typescript${string}`;
  /** The compilers that its sources have to please too. */
  readonly compilers: readonly Compiler[];
  /** Its sources, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** A separate application in its own folder, with the package installed from its tarball. */
export class Consumer {
  private constructor(readonly folder: string) {}

  /** Installs and compiles it, as strictly as can be. */
  static async create({ type, dependencies, typescript, compilers, files }: ConsumerPlan): Promise<Consumer> {
    const folder = await tempFolder('consumer');
    try {
      const consumer = new Consumer(folder);
      const manifest = { name: 'consumer', private: true, type };
      await consumer.write({
        'package.json': JSON.stringify(manifest),
        'tsconfig.json': JSON.stringify(STRICT),
        ...files,
      });
      if (isNames(dependencies)) {
        const installation = await Installation.nest12();
        await installation.link([...dependencies, ...compilers.map(aliasOf), typescript, OURS], folder);
      } else {
        const all: Record<string, string> = { ...dependencies, [OURS]: `file:${(await packed()).path}` };
        for (const compiler of compilers) all[aliasOf(compiler)] = `npm:typescript@${compiler.version}`;
        await consumer.write({ 'package.json': JSON.stringify({ ...manifest, dependencies: all }) });
        await npmInstall(folder);
      }
      await shell(process.execPath, [join('node_modules', typescript, 'bin', 'tsc')], { cwd: folder });
      return consumer;
    } catch (error) {
      await removeFolder(folder);
      throw error;
    }
  }

  /**
   * Compiles it, or one of its folders, as one of its compilers does, without output.
   *
   * @throws Error with what the compiler reports
   */
  async compile(compiler: Compiler, project = '.'): Promise<void> {
    const { module, moduleResolution } = compiler;
    const tsc = join('node_modules', aliasOf(compiler), 'bin', 'tsc');
    const options = { module, moduleResolution, target: 'es2022', skipLibCheck: 'true' };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    await shell(process.execPath, [tsc, '--noEmit', '-p', project, ...flags], { cwd: this.folder });
  }

  /** The package as it is installed. */
  async installed(): Promise<{ version: string; exports: Record<string, unknown> }> {
    const file = join(this.folder, 'node_modules', 'nestjs-sidekick', 'package.json');
    return JSON.parse(await readFile(file, 'utf8')) as { version: string; exports: Record<string, unknown> };
  }

  /** Runs one of its compiled files to the end and resolves with what it printed. */
  async run(file: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return await shell(process.execPath, [file], { cwd: this.folder, env, timeout: 120_000 });
  }

  /** Starts one of its compiled files. */
  start(file: string, env: Readonly<Record<string, string>>): Application {
    return new Application(file, { cwd: this.folder, env });
  }

  async remove(): Promise<void> {
    await removeFolder(this.folder);
  }

  /** Adds sources. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, path)), { recursive: true });
      await writeFile(join(this.folder, path), text);
    }
  }
}

function aliasOf({ version }: Compiler): string {
  return `typescript-${version}`;
}

function isNames(dependencies: ConsumerPlan['dependencies']): dependencies is readonly string[] {
  return Array.isArray(dependencies);
}
