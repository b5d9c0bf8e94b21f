import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COMPILER_OPTIONS = { module: 'nodenext', target: 'es2023', strict: true, noEmit: true, types: [] };

const MOST_RUNS = 10;

const FILES = {
  'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['lib', 'test', 'sample'] }),
  'package.json': '{ "type": "module" }',
  'lib/logger.ts': 'export class Logger {\n  used = 0;\n  use(): void {\n    this.used++;\n  }\n}\n',
  'lib/service.ts': `import { Logger } from './logger.js';\nexport const logger = new Logger();\nlogger.use();\n`,
};

/** A repository of few files with the settings and the script of this one. */
describe('npm run lint', () => {
  let root: string;
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const lint = (...args: string[]): { status: number | null; output: string } => {
    const script = join(root, 'scripts', 'lint.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  };

  /**
   * Oxlint's output, once it matches all patterns. Some runs report a part of the faults
   * (https://github.com/oxc-project/tsgolint/issues/1084), so it runs again before a pattern counts as missing.
   */
  const expectReports = (patterns: readonly RegExp[]): void => {
    let all = '';
    for (let run = 0; run < MOST_RUNS && !patterns.every((pattern) => pattern.test(all)); run++) {
      const { status, output } = lint('--format=unix');
      if (/no-|Unused|consistent-/.test(output)) expect(status).not.toBe(0);
      all += output;
    }
    for (const pattern of patterns) expect(all).toMatch(pattern);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sidekick-lint-'));
    spawnSync('git', ['init', '--quiet'], { cwd: root });
    for (const file of ['.oxlintrc.json', 'scripts/lint.mjs', '.gitignore'])
      cpSync(join(ROOT, file), join(root, file));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
    for (const [file, text] of Object.entries(FILES)) write(file, text);
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('reports a promise without await in every folder', () => {
    const files = [
      'lib/sidekick/sidekick.service.ts',
      'lib/sidekick/sidekick.module.spec.ts',
      'lib/dashboard/page/main.ts',
      'test/harness/wait.ts',
      'sample/01/main.ts',
    ];
    for (const file of files) write(file, 'const wait = async () => await Promise.resolve(1);\nwait();\n');
    expectReports(files.map((file) => new RegExp(`^${file}:2:1: .*no-floating-promises`, 'm')));
  });

  it('reports what the compiler does not', () => {
    const faults: Record<string, readonly [text: string, rule: string]> = {
      'lib/caught.ts': ['try {\n  Date.now();\n} catch (error) {\n  Date.now();\n}\n', 'no-unused-vars'],
      'scripts/unused.mjs': ['const unused = 1;\n', 'no-unused-vars'],
      'scripts/missing.mjs': ['missing();\n', 'no-undef'],
      'lib/type.ts': [
        `import { Logger } from './logger.js';\nexport type A = Logger;\n`,
        'consistent-type-imports',
      ],
      'lib/assertion.ts': ['export const a = (text: string): string => text!;\n', 'no-non-null-assertion'],
      'lib/condition.ts': [
        `export const a = (text: string): string => text ?? '';\n`,
        'no-unnecessary-condition',
      ],
      'lib/directive.ts': ['// oxlint-disable-next-line no-var\nexport const a = 1;\n', 'Unused'],
    };
    for (const [file, [text]] of Object.entries(faults)) write(file, text);
    expectReports(Object.entries(faults).map(([file, [, rule]]) => new RegExp(`^${file}:.*${rule}`, 'm')));
  });

  it('lints everything after the change of a file that others import', () => {
    expect(lint()).toMatchObject({ status: 0 });
    const clean = readFileSync(join(root, '.cache', 'lint.txt'), 'utf8');
    expect(lint()).toEqual({ status: 0, output: '' });
    const changed = FILES['lib/logger.ts'].replace('use(): void', 'async use(): Promise<void>');
    // The second fault needs no types: it is in every report.
    write('lib/logger.ts', `${changed}export var second = 1;\n`);
    for (let run = 0; run < 2; run++) expect(lint().status).not.toBe(0);
    expectReports([/^lib\/service\.ts:3:1: .*no-floating-promises/m]);
    write('lib/logger.ts', FILES['lib/logger.ts']);
    expect(lint()).toEqual({ status: 0, output: '' });
    expect(readFileSync(join(root, '.cache', 'lint.txt'), 'utf8')).toBe(clean);
  });

  it('lints everything after a change of a setting, and after a new file', () => {
    const keys = new Set<string>();
    for (const file of [
      'lib/logger.ts',
      '.oxlintrc.json',
      'package-lock.json',
      'tsconfig.json',
      'lib/new.ts',
    ]) {
      const before = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
      write(file, `${before}\n`);
      expect(lint()).toMatchObject({ status: 0 });
      keys.add(readFileSync(join(root, '.cache', 'lint.txt'), 'utf8'));
    }
    expect(keys.size).toBe(5);
  });
});
