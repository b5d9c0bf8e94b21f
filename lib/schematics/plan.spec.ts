import ts from 'typescript';
import { setUp, type NestAddOptions } from './plan.js';
import { Workspace } from './workspace.js';

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`;
const MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller.js';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;
const VITEST = `import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globals: true,
  },
});
`;
const JEST = `{
  "rootDir": ".",
  "transform": {
    "^.+\\\\.(t|j)s$": "ts-jest"
  }
}
`;

type FileMap = Readonly<Record<string, string>>;

const esm = (more: FileMap = {}): FileMap => ({
  'package.json': '{ "name": "@acme/web", "type": "module" }',
  'src/main.ts': MAIN,
  'src/app.module.ts': MODULE,
  'vitest.config.ts': VITEST,
  ...more,
});

/** Runs the set-up and returns the changed files and the notes. */
function run(
  files: FileMap,
  options: NestAddOptions = {},
): { changed: Record<string, string>; notes: string[] } {
  const workspace = new Workspace({
    read: (path) => files[path],
    list: (folder) => Object.keys(files).filter((path) => folder === '.' || path.startsWith(`${folder}/`)),
  });
  setUp(ts, workspace, options);
  const changed = Object.fromEntries(workspace.changes.map(({ path, after }) => [path, after]));
  return { changed, notes: workspace.notes };
}

describe('nest add', () => {
  it('sets an application of ES modules and Vitest up', () => {
    const { changed, notes } = run(esm());
    expect(notes).toEqual([]);
    expect(changed).toEqual({
      'src/app.module.ts': `import { Module } from '@nestjs/common';
import { PilotedModule, SidekickModule } from 'nestjs-sidekick';
import { AppController } from './app.controller.js';

@Module({
  imports: [
    SidekickModule.forRoot({ service: { name: 'web' } }),
    PilotedModule.forRoot(),
  ],
  controllers: [AppController],
})
export class AppModule {}
`,
      'src/main.ts': MAIN.replace(
        '  await app.listen',
        `  // Deregisters before the server closes. PilotedModule refreshes its lists on SIGHUP.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  await app.listen`,
      ),
      'vitest.config.ts': VITEST.replace(
        '    globals: true,\n',
        "    globals: true,\n    env: { SIDEKICK_REGISTRY: 'memory:' },\n",
      ),
    });
  });

  it('sets an application of CommonJS modules and Jest up', () => {
    const files = {
      'package.json': `{
  "name": "web",
  "devDependencies": {
    "@nestjs/cli": "^12.0.0",
    "jest": "^30.0.0"
  },
  "jest": {
    "rootDir": "src",
    "preset": "ts-jest"
  }
}
`,
      'src/main.ts': MAIN.replace('.js', ''),
      'src/app.module.ts': MODULE.replace('.js', ''),
      'test/jest-e2e.json': JEST,
    };
    const { changed, notes } = run(files);
    expect(notes).toEqual([]);
    expect(Object.keys(changed).sort()).toEqual([...Object.keys(files), 'test/sidekick.setup.ts'].sort());
    const manifest = JSON.parse(changed['package.json']!) as {
      devDependencies: object;
      jest: Record<string, unknown>;
    };
    expect(Object.keys(manifest.devDependencies)).toEqual(['@nestjs/cli', '@swc/core', '@swc/jest', 'jest']);
    expect(manifest.jest).toEqual({
      rootDir: 'src',
      preset: 'ts-jest',
      transform: { '/node_modules/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }] },
      transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm|nestjs-sidekick|@nestjs)/)'],
      setupFiles: ['<rootDir>/../test/sidekick.setup.ts'],
    });
    const e2e = JSON.parse(changed['test/jest-e2e.json']!) as { transform: object; setupFiles: string[] };
    // The first pattern that matches counts.
    expect(Object.keys(e2e.transform)).toEqual(['/node_modules/.+\\.js$', '^.+\\.(t|j)s$']);
    expect(e2e.setupFiles).toEqual(['<rootDir>/sidekick.setup.ts']);
    expect(run({ ...files, ...changed })).toEqual({ changed: {}, notes: [] });
  });

  it('changes nothing when it runs again', () => {
    const files = esm();
    expect(run({ ...files, ...run(files).changed })).toEqual({ changed: {}, notes: [] });
  });

  it('adds what is missing', () => {
    const module = `import { Module } from "@nestjs/common"
import { SidekickModule } from "nestjs-sidekick"
import { OtherModule } from "./other.module.js"

@Module({ imports: [SidekickModule.forRoot({ key: "me" }), OtherModule] })
export class AppModule {}
`;
    const main = MAIN.replace('  await app.listen', '  app.enableShutdownHooks();\n  await app.listen');
    const { changed } = run(esm({ 'src/app.module.ts': module, 'src/main.ts': main }));
    expect(changed['src/app.module.ts']).toBe(`import { Module } from "@nestjs/common"
import { SidekickModule, PilotedModule } from "nestjs-sidekick"
import { OtherModule } from "./other.module.js"

@Module({ imports: [
  SidekickModule.forRoot({ key: "me" }),
  OtherModule,
  PilotedModule.forRoot(),
] })
export class AppModule {}
`);
    expect(changed['src/main.ts']).toContain("app.enableShutdownHooks(['SIGTERM', 'SIGINT']);");
  });

  it.each([
    ['imports: [\n    // TypeOrmModule.forRoot(),\n  ]', '// TypeOrmModule.forRoot(),'],
    ['imports: [A, /* last */ B]', '/* last */ B,'],
  ])('keeps the comments of %j', (imports, comment) => {
    const { changed } = run(esm({ 'src/app.module.ts': MODULE.replace('imports: []', imports) }));
    expect(changed['src/app.module.ts']).toContain('PilotedModule.forRoot()');
    expect(changed['src/app.module.ts']).toContain(comment);
  });

  it('takes the name of the service from its option', () => {
    const { changed } = run(esm(), { service: 'billing' });
    expect(changed['src/app.module.ts']).toContain("service: { name: 'billing' }");
  });

  it('finds the module and the tests of one application of several', () => {
    const { changed, notes } = run(
      {
        'package.json': '{ "name": "shop", "jest": { "rootDir": ".", "transform": {} } }',
        'apps/orders/src/main.ts': MAIN.replaceAll('AppModule', 'OrdersModule').replace(
          './app.module.js',
          './orders.module',
        ),
        'apps/orders/src/orders.module.ts': MODULE.replaceAll('AppModule', 'OrdersModule'),
        'apps/orders/test/jest-e2e.json': JEST,
        'apps/other/test/jest-e2e.json': JEST,
      },
      { sourceRoot: 'apps/orders/src' },
    );
    expect(notes).toEqual([]);
    expect(Object.keys(changed).sort()).toEqual([
      'apps/orders/src/main.ts',
      'apps/orders/src/orders.module.ts',
      'apps/orders/test/jest-e2e.json',
      'apps/orders/test/sidekick.setup.ts',
      'package.json',
    ]);
    expect(changed['apps/orders/src/orders.module.ts']).toContain("service: { name: 'orders' }");
    expect(changed['package.json']).toContain('<rootDir>/apps/orders/test/sidekick.setup.ts');
  });

  it('keeps the module where the application has put it', () => {
    const core = `export const core = [SidekickModule.forRoot({ key: 'me' }), PilotedModule.forRoot()];`;
    expect(Object.keys(run(esm({ 'src/core/modules.ts': core })).changed)).toEqual([
      'src/main.ts',
      'vitest.config.ts',
    ]);
  });

  it.each<[string, FileMap, RegExp]>([
    [
      'imports that are no array',
      { 'src/app.module.ts': MODULE.replace('[]', 'MODULES') },
      /^The imports of AppModule are no array literal: add SidekickModule.* and PilotedModule/,
    ],
    [
      'a module that is not there',
      { 'src/main.ts': MAIN.replace('./app.module.js', './lost.js') },
      /^The file of AppModule was not found \(looked for src\/lost\.ts\)/,
    ],
    [
      'no app.listen()',
      { 'src/main.ts': MAIN.replace('await app.listen', 'await app.init') },
      /^main\.ts has no app\.listen\(\) in a statement of its own: call app\.enableShutdownHooks\(\['SIGTERM', 'SIGINT'\]\)/,
    ],
    [
      'a list of signals with SIGHUP',
      {
        'src/main.ts': MAIN.replace(
          'await app.listen',
          "app.enableShutdownHooks(['SIGHUP']);\nawait app.listen",
        ),
      },
      /^main\.ts ends the application on SIGHUP/,
    ],
    [
      'a configuration of Vitest that is computed',
      { 'vitest.config.ts': 'export default defineConfig(() => ({}));' },
      /^vitest\.config\.ts: set test\.env\.SIDEKICK_REGISTRY/,
    ],
    [
      'projects of Vitest, which inherit nothing',
      { 'vitest.config.ts': VITEST.replace('globals: true', "projects: ['packages/*']") },
      /^vitest\.config\.ts: set test\.env\.SIDEKICK_REGISTRY to .* in each of its projects too/,
    ],
    ['no tests', { 'vitest.config.ts': '', 'vitest.other.ts': '' }, /SIDEKICK_REGISTRY/],
  ])('says what is left to do by hand for %s', (_name, more, note) => {
    expect(run(esm(more)).notes).toEqual([expect.stringMatching(note)]);
  });

  it.each([
    ['package.json', '{ "name": "web", "jest": {} }'],
    ['test/jest-e2e.json', '{}'],
  ])('adds all settings to an empty configuration of Jest in %s', (path, text) => {
    const files = { 'package.json': '{ "name": "web" }', 'src/main.ts': MAIN, [path]: text };
    const { changed } = run({ ...files, 'src/app.module.ts': MODULE });
    const { jest, ...settings } = JSON.parse(changed[path] ?? '') as { name?: string; jest?: object };
    expect(Object.keys(jest ?? settings)).toEqual(['transform', 'transformIgnorePatterns', 'setupFiles']);
  });

  it('takes the folder of the application from nest-cli.json', () => {
    const module = { 'apps/orders/main.ts': MAIN, 'apps/orders/app.module.ts': MODULE };
    const projects = { orders: { root: 'apps/orders', sourceRoot: 'apps/orders' } };
    const { changed, notes } = run(
      {
        ...module,
        'package.json': '{ "name": "shop", "type": "module" }',
        'nest-cli.json': JSON.stringify({ sourceRoot: 'apps/gateway/src', projects }),
        'apps/orders/test/jest-e2e.json': '{}',
      },
      { sourceRoot: 'apps/orders' },
    );
    expect(changed['apps/orders/app.module.ts']).toContain("service: { name: 'orders' }");
    expect(changed['apps/orders/test/jest-e2e.json']).toContain('<rootDir>/sidekick.setup.ts');
    expect(notes).toEqual([]);
  });

  it('takes the folder of package.json where nest-cli.json has no projects', () => {
    const { changed, notes } = run(
      {
        'package.json': '{ "name": "shop", "type": "module" }',
        'nest-cli.json': '{ "sourceRoot": "server/src" }',
        'server/src/main.ts': MAIN,
        'server/src/app.module.ts': MODULE,
        'test/jest-e2e.json': '{}',
      },
      { sourceRoot: 'server/src' },
    );
    expect(changed['server/src/app.module.ts']).toContain("service: { name: 'shop' }");
    expect(Object.keys(changed)).toContain('test/sidekick.setup.ts');
    expect(notes).toEqual([]);
  });

  it('leaves patterns of the application alone, and says what they need', () => {
    const jest =
      '{ "transform": {}, "transformIgnorePatterns": ["/node_modules/"], "setupFiles": ["./a.js"] }';
    const { changed, notes } = run({
      ...esm(),
      'package.json': '{ "name": "web" }',
      'test/jest-e2e.json': jest,
    });
    expect(notes).toEqual([expect.stringContaining('test/jest-e2e.json has transformIgnorePatterns')]);
    expect(JSON.parse(changed['test/jest-e2e.json']!)).toEqual({
      transform: {},
      transformIgnorePatterns: ['/node_modules/'],
      setupFiles: ['./a.js', '<rootDir>/sidekick.setup.ts'],
    });
  });

  it('names the other applications of main.ts, whose modules are left to do', () => {
    const main = MAIN.replace(
      '\n}\n',
      '\n  const admin = await NestFactory.create(AdminModule);\n  await admin.listen(81);\n}\n',
    );
    const { changed, notes } = run(esm({ 'src/main.ts': main }));
    expect(changed['src/app.module.ts']).toContain('SidekickModule.forRoot');
    expect(changed['src/main.ts']).toMatch(/ app\.enableShutdownHooks[^]* admin\.enableShutdownHooks/);
    expect(notes).toEqual([
      'main.ts creates another application from AdminModule: import SidekickModule and PilotedModule there too, with a service of its own, if it registers or calls services.',
    ]);
    expect(run({ ...esm({ 'src/main.ts': main }), ...changed })).toEqual({ changed: {}, notes: [] });
  });
});
