import { join } from 'node:path';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { Consumer } from './consumer.js';
import { Installation, PATIENCE } from './installation.js';

/** Boots on the registry of the environment, and prints how that ended. */
const APP = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PilotedModule, SidekickModule } from 'nestjs-sidekick';

const isolate = process.env.ISOLATE === 'true';

@Module({ imports: [SidekickModule.forRoot({ key: 'me', isolate }), PilotedModule.forRoot()] })
class AppModule {}

NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false })
  .then(async (app) => {
    console.log('booted');
    await app.close();
  })
  .catch((error: Error) => console.log(error.message));
`;

/** The packages that Nest asks bundlers to leave out if they are not installed. */
const EXTERNAL = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  'class-transformer',
];

/** ES modules have no `require`, which packages of CommonJS call. */
const BANNER =
  "import { createRequire as bannerRequire } from 'node:module'; const require = bannerRequire(import.meta.url);" +
  "import { fileURLToPath as bannerPath } from 'node:url'; const __dirname = bannerPath(new URL('.', import.meta.url));";

describe('An application that esbuild has bundled', () => {
  let consumer: Consumer;

  const bundle = async (format: 'cjs' | 'esm'): Promise<void> => {
    const flags = [
      ...EXTERNAL.map((name) => `--external:${name}`),
      ...(format === 'esm' ? [`--banner:js=${BANNER}`] : []),
    ];
    const output = join('bundled', format === 'esm' ? 'app.mjs' : 'app.cjs');
    const esbuild = join('node_modules', 'esbuild', 'bin', 'esbuild');
    await shell(
      join(consumer.folder, esbuild),
      ['dist/app.js', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${output}`, ...flags],
      { cwd: consumer.folder },
    );
  };

  beforeAll(async () => {
    consumer = await Consumer.create({
      type: 'module',
      dependencies: ['@nestjs/common', '@nestjs/core', '@types/node', 'esbuild', 'reflect-metadata', 'rxjs'],
      typescript: 'typescript-7.0.2',
      compilers: [],
      files: { 'src/app.ts': APP },
    });
    await bundle('cjs');
    await bundle('esm');
  }, PATIENCE);
  afterAll(async () => {
    await (consumer as Consumer | undefined)?.remove();
  });

  describe.each(['cjs', 'esm'] as const)('as %s', (format) => {
    const file = join('bundled', format === 'esm' ? 'app.mjs' : 'app.cjs');

    it('boots without the optional peers', async () => {
      expect(await consumer.run(file, { SIDEKICK_REGISTRY: 'memory:' })).toBe('booted\n');
    });

    it.each([
      ['etcd3', 'etcd://127.0.0.1:1'],
      ['consul', 'consul://127.0.0.1:1'],
    ])('gets an error that names the missing %s', async (name, url) => {
      const said = await consumer.run(file, { SIDEKICK_REGISTRY: url });
      expect(said).toContain(`needs the package "${name}", which is not installed. Run: npm install ${name}`);
    });

    it('gets an error that `isolate` needs the library outside of the bundle', async () => {
      const registry = `file:${join(consumer.folder, 'registry')}`;
      const said = await consumer.run(file, { SIDEKICK_REGISTRY: registry, ISOLATE: 'true' });
      expect(said).toMatch(/^The package "nestjs-sidekick" cannot be part of a bundle: .*worker thread.*\n$/);
      expect(said).toContain('--external:nestjs-sidekick');
    });
  });

  it(
    'gets an error that etcd3 must stay outside of the bundle',
    async () => {
      const installation = await Installation.nest12();
      await installation.link(['etcd3'], consumer.folder);
      for (const format of ['cjs', 'esm'] as const) {
        await bundle(format);
        const file = join('bundled', format === 'esm' ? 'app.mjs' : 'app.cjs');
        const said = await consumer.run(file, { SIDEKICK_REGISTRY: 'etcd://127.0.0.1:1' });
        expect(said).toMatch(
          /^The package "etcd3" cannot be part of a bundle: .*rpc\.proto is not there\..*\n$/,
        );
      }
    },
    PATIENCE,
  );
});
