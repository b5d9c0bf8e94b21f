import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { freePorts } from '../../harness/ports.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';
import { Application } from './application.js';
import { PATIENCE } from './installation.js';
import { filesOf } from './pages.js';
import { root } from './tarball.js';
import { TemplateApplication } from './template.js';

const CHANGES = {
  esm: ['src/app.module.ts', 'src/main.ts', 'vitest.config.e2e.ts', 'vitest.config.ts'],
  cjs: [
    'jest.config.ts',
    'package.json',
    'src/app.module.ts',
    'src/main.ts',
    'test/jest-e2e.json',
    'test/sidekick.setup.ts',
  ],
} as const;

/** `nest add nestjs-sidekick` in one of the templates of `nest new`, and what becomes of the application. */
export function describeNestAdd(type: 'esm' | 'cjs'): void {
  describe(`nest add nestjs-sidekick, in the ${type} template`, () => {
    let application: TemplateApplication;

    beforeAll(async () => {
      application = await TemplateApplication.create(type);
      await application.commit();
    }, PATIENCE);
    afterAll(async () => {
      await (application as TemplateApplication | undefined)?.remove();
    });

    it('prints the change in a dry run, and makes none', async () => {
      const said = await application.nestAdd('--dry-run');
      expect(said).toContain("+ import { PilotedModule, SidekickModule } from 'nestjs-sidekick';");
      expect(said).toContain("+     SidekickModule.forRoot({ service: { name: 'shop' } }),");
      expect(said).toContain("+   app.enableShutdownHooks(['SIGTERM', 'SIGINT']);");
      for (const path of CHANGES[type]) expect(said).toContain(`    ${path}\n`);
      expect(await application.changes()).toEqual([]);
    });

    it(
      'makes the change, and none when it runs again',
      async () => {
        await application.nestAdd();
        expect(await application.changes()).toEqual(CHANGES[type]);
        await application.commit();
        expect(await application.nestAdd()).toContain('nestjs-sidekick is set up already.');
        expect(await application.changes()).toEqual([]);
      },
      PATIENCE,
    );

    it('leaves the formatting as Prettier wants it', async () => {
      const prettier = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
      const files = CHANGES[type].filter((path) => path.endsWith('.ts'));
      const settings = ['--single-quote', '--trailing-comma=all'];
      await application.run(process.execPath, [prettier, '--check', ...settings, ...files]);
    });

    it('generates the controller that the page of the template shows', async () => {
      const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
      await application.run(process.execPath, [nest, 'generate', 'controller', 'next']);
      const page = type === 'esm' ? 'docs/start-esm.md' : 'docs/start-commonjs.md';
      const files = await filesOf(page, type === 'esm' ? 'module' : 'commonjs');
      expect(Object.keys(files)).toEqual(['src/next/next.controller.ts']);
      for (const [path, code] of Object.entries(files)) {
        expect(await application.changes()).toContain(path);
        await writeFile(join(application.folder, path), code);
      }
    });

    it(
      "keeps the application's own tests green",
      async () => {
        await application.run('npm', ['test']);
        await application.run('npm', ['run', 'test:e2e']);
      },
      PATIENCE,
    );

    it(
      'gives an application that registers, survives SIGHUP and deregisters',
      async () => {
        const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
        await application.run(process.execPath, [tsc, '-p', 'tsconfig.build.json']);
        const registry = await tempFolder('template-registry');
        const [port] = (await freePorts(1)) as [number];
        const env = { PORT: String(port), SIDEKICK_REGISTRY: `file:${registry}` };
        const piloted = join('node_modules', 'nestjs-sidekick', 'dist', 'cli', 'bin', 'piloted.js');
        const listed = async (): Promise<string> =>
          await shell(process.execPath, [piloted, 'ls', 'shop', '--json'], {
            cwd: application.folder,
            env,
          }).catch(() => '');
        const running = new Application(join('dist', 'main.js'), { cwd: application.folder, env });
        try {
          await until('the instance to be listed', async () => (await listed()).includes(`${port}`), {
            deadline: 60_000,
            every: 200,
          }).catch((error: unknown) => {
            throw new Error(`${String(error)}\n${running.output}`);
          });
          running.signal('SIGHUP');
          const response = await fetch(`http://127.0.0.1:${port}/`);
          expect(await response.text()).toBe('Hello World!');
          // The application may learn of its own instance after `piloted ls`.
          await until('the application to find itself', async () => {
            const next = await fetch(`http://127.0.0.1:${port}/next`);
            return new RegExp(`^.*:${port}\\n$`).test(await next.text());
          });
        } finally {
          expect(await running.end('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
        }
        expect(await listed()).not.toContain(`${port}`);
        await removeFolder(registry);
      },
      PATIENCE,
    );
  });
}
