import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NPM_INSTALL, shell } from './shell.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The packages of an application, by the major version of Nest. */
const NEST = {
  11: {
    type: 'commonjs',
    '@nestjs/common': '11.2.10',
    '@nestjs/core': '11.2.10',
    '@nestjs/platform-express': '11.2.10',
    '@nestjs/platform-fastify': '11.2.8',
  },
  12: {
    type: 'module',
    '@nestjs/common': '12.5.1',
    '@nestjs/core': '12.5.1',
    '@nestjs/platform-express': '12.5.1',
    '@nestjs/platform-fastify': '12.5.0',
  },
};

const COMMON = {
  '@types/node': '20.19.43',
  consul: '2.0.1',
  etcd3: '1.1.2',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  typescript: '6.0.3',
};

/** Registers itself, finds itself, calls itself by its name, ends, and prints `ok`. */
const MAIN = `import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DiscoveryService, Endpoint, PilotedModule, Service, SidekickModule } from 'nestjs-sidekick';
import { ServiceHttp, ServiceHttpModule } from 'nestjs-sidekick/http';

@Controller()
class AppController {
  @Get()
  index(@Service('web') { port }: Endpoint) {
    return { port };
  }
}

@Module({
  imports: [SidekickModule.forRoot({ service: { name: 'web' } }), PilotedModule.forRoot(), ServiceHttpModule.forRoot()],
  controllers: [AppController],
})
class AppModule {}

async function main(): Promise<void> {
  const logger = { logger: ['error', 'warn'] as ('error' | 'warn')[], abortOnError: false };
  const app =
    process.env.ADAPTER === 'fastify'
      ? await NestFactory.create(AppModule, new (await import('@nestjs/platform-fastify')).FastifyAdapter(), logger)
      : await NestFactory.create(AppModule, logger);
  await app.listen(0, '127.0.0.1');
  const handle = app.get(DiscoveryService).of('web');
  await handle.ready({ timeout: 10 });
  const response = await app.get(ServiceHttp).fetch('http://web/');
  const { port } = (await response.json()) as { port: number };
  const { port: bound } = new URL(await app.getUrl());
  await app.close();
  if (String(port) !== bound) throw new Error('Expected port ' + bound + ', got ' + String(port));
  console.log('ok');
}
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
`;

/** The settings of `nest new`. */
export const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    types: ['node'],
    strict: true,
    strictPropertyInitialization: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
    isolatedModules: true,
    skipLibCheck: true,
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
};

/** An application in a folder of its own, with the package from its tarball. */
export class Application {
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * @param {11 | 12} nest
   * @param {{ tarball: string, more?: Record<string, string>, install?: readonly string[] }} options `install` is a command
   */
  static async create(nest, { tarball, more = {}, install = ['npm', NPM_INSTALL] }) {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-compatibility-'));
    const { type, ...packages } = NEST[nest];
    const dependencies = { ...COMMON, ...packages, ...more, 'nestjs-sidekick': `file:${tarball}` };
    const application = new Application(folder);
    await application.write(
      'package.json',
      JSON.stringify({ name: 'web', private: true, type, dependencies }),
    );
    await application.write('tsconfig.json', JSON.stringify(TSCONFIG));
    await application.write('src/main.ts', MAIN);
    try {
      await application.run(...install);
      await application.node([join('node_modules', 'typescript', 'bin', 'tsc')]);
    } catch (error) {
      await application.remove();
      throw error;
    }
    return application;
  }

  async write(path, text) {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Runs a program in the folder, and returns its output. */
  async run(program, args, options) {
    return await shell(program, args, { cwd: this.folder, ...options });
  }

  async node(args, options) {
    return await this.run(process.execPath, args, options);
  }

  /** Runs the application to its end. @throws Error with its output unless it prints `ok` */
  async check({ node = process.execPath, file = 'dist/main.js', env = {} } = {}) {
    const registry = `file:${join(this.folder, 'registry')}`;
    const said = await this.run(node, [file], {
      env: { SIDEKICK_REGISTRY: registry, ...env },
      timeout: 60_000,
    });
    if (!/^ok$/m.test(said)) throw new Error(said.trim() || 'no output');
  }

  async remove() {
    await rm(this.folder, { recursive: true, force: true });
  }
}
