import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import { keysOf } from '../../../scripts/lint/keys.mjs';

const FILES = {
  'eslint.config.js': '',
  'package-lock.json': '{}',
  'tsconfig.json': '{}',
  'sample/tsconfig.json': '{}',
  'lib/dashboard/page/tsconfig.json': '{}',
  'lib/index.ts': `export { Service } from './service.js';\n`,
  'lib/logger.ts': 'export class Logger { use(): void {} }\n',
  'lib/service.ts': `import { Logger } from './logger.js';\nexport class Service { logger = new Logger(); }\n`,
  'lib/http/index.ts': 'export const get = (): void => {};\n',
  'lib/registries/dns/index.ts': 'export const lookup = (): void => {};\n',
  'lib/alone.ts': 'export const alone = 1;\n',
  'sample/main.ts': `import { Service } from 'nestjs-sidekick';\nnew Service().logger.use();\n`,
  'sample/http.ts': `import { get } from 'nestjs-sidekick/http';\nget();\n`,
  'sample/dns.ts': `import { lookup } from 'nestjs-sidekick/dns';\nlookup();\n`,
};

describe('the keys of the lint cache', () => {
  let root: string;
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sidekick-lint-'));
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    for (const [file, text] of Object.entries(FILES)) write(file, text);
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it.each([
    ['lib/alone.ts', ['lib/alone.ts']],
    ['lib/logger.ts', ['lib/index.ts', 'lib/logger.ts', 'lib/service.ts', 'sample/main.ts']],
    ['lib/http/index.ts', ['lib/http/index.ts', 'sample/http.ts']],
    ['lib/registries/dns/index.ts', ['lib/registries/dns/index.ts', 'sample/dns.ts']],
  ])('after a change of %s differ for each file that may use its types', async (changed, expected) => {
    const before = await keysOf(root);
    write(changed, `${FILES[changed as keyof typeof FILES]}export const more = Promise.resolve();\n`);
    const after = await keysOf(root);
    const differing = [...after].filter(([file, key]) => before.get(file) !== key);
    expect(differing.map(([file]) => file.slice(root.length + 1))).toEqual(expected);
  });

  it.each(['eslint.config.js', 'package-lock.json', 'tsconfig.json', 'lib/dashboard/page/tsconfig.json'])(
    'all differ after a change of %s',
    async (settings) => {
      const before = await keysOf(root);
      write(settings, '{ "changed": true }');
      const after = await keysOf(root);
      expect([...after].filter(([file, key]) => before.get(file) === key)).toEqual([]);
    },
  );
});

describe('the rules of promises', () => {
  it.each([
    'lib/sidekick/sidekick.service.ts',
    'lib/sidekick/sidekick.module.spec.ts',
    'lib/dashboard/page/main.ts',
    'test/harness/wait.ts',
    'sample/src/main.ts',
  ])('apply to %s', async (file) => {
    const eslint = new ESLint();
    const { rules } = (await eslint.calculateConfigForFile(file)) as {
      rules: Record<string, readonly [number]>;
    };
    for (const rule of ['no-floating-promises', 'no-misused-promises', 'await-thenable'])
      expect(rules[`@typescript-eslint/${rule}`]?.[0]).toBe(2);
  });
});
