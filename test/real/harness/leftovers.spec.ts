import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixtures = fileURLToPath(new URL('../../harness/fixtures/leftovers/', import.meta.url));
const jestBin = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin', 'jest.js');

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }[];
}

/** Runs the fixtures in a jest of their own. */
async function run(): Promise<Report> {
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    jestBin,
    '--json',
    '-i',
    '--forceExit',
    '--silent',
  ];
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' };
  delete env.JEST_WORKER_ID;
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: fixtures, env, timeout: 170_000 }, (_error, out) => resolve(out));
  });
  return JSON.parse(stdout) as Report;
}

describe('the check for what a spec file leaves open', () => {
  let report: Report;
  beforeAll(async () => {
    report = await run();
  });

  const outcome = (name: string): { readonly status: string; readonly message: string } => {
    const found = report.testResults.find((result) => result.name.endsWith(`${name}.fixture.mjs`));
    if (!found) throw new Error(`No result for the fixture ${name}.`);
    return found;
  };

  it.each([
    ['timer', /setInterval at .*timer\.fixture\.mjs:2/],
    ['timeout', /setTimeout at .*timeout\.fixture\.mjs:2/],
    ['server', /server on 127\.0\.0\.1:\d+/],
    ['socket', /socket to 127\.0\.0\.1:\d+/],
    ['process', /process \d+: .*setTimeout/],
    ['rejection', /Unhandled rejection: Error: unhandled on purpose/],
  ])('fails a file that leaves a %s, and names it', (name, message) => {
    expect(outcome(name).status).toBe('failed');
    expect(outcome(name).message).toMatch(message);
  });

  it('lets a file pass that cleans up within the deadline', () => {
    expect(outcome('clean')).toMatchObject({ status: 'passed', message: '' });
  });
});
