import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { removeFolder, tempFolder } from '../../harness/temp.js';

const MODULE = new URL('../../harness/run-folder.mjs', import.meta.url).href;
const PROGRAM = `
  import { makeRunFolder } from '${MODULE}';
  console.log(await makeRunFolder(process.argv[1]));
  process.stdin.resume();`;

/** A process that has made the folder of its run, and lives until its standard input ends. */
interface Run {
  readonly folder: string;
  readonly child: ChildProcess;
}

describe('the folder of a run of Jest', () => {
  let parent: string;
  const runs: Run[] = [];

  beforeAll(async () => {
    parent = await tempFolder('runs');
  });
  afterAll(async () => {
    await Promise.all(runs.map(ended));
    await removeFolder(parent);
  });

  async function begin(): Promise<Run> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, parent], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const run = { folder: line.toString().trim(), child };
    runs.push(run);
    return run;
  }

  async function ended({ child }: Run): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('is removed by the next run if its own was killed, and only then', async () => {
    const killed = await begin();
    const other = await begin();
    await ended(killed);
    expect(await exists(killed.folder)).toBe(true);
    const next = await begin();
    expect(await exists(killed.folder)).toBe(false);
    expect(await exists(other.folder)).toBe(true);
    expect(await exists(next.folder)).toBe(true);
  });
});

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
