import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkTypeScript } from '../../harness/fork.js';
import { until } from '../../harness/wait.js';

interface Message {
  readonly names: readonly string[];
  readonly at: number;
}

describe('SIGHUP sent to a process', () => {
  let folder: string;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sidekick-hup-'));
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('reads the configuration again every time, and the process ends by itself after close()', async () => {
    const config = join(folder, 'containerpilot.json5');
    const write = (...names: string[]): Promise<void> =>
      writeFile(
        config,
        JSON.stringify({ consul: '127.0.0.1:1', watches: names.map((name) => ({ name, interval: 1 })) }),
      );
    await write('first');
    child = forkTypeScript(new URL('./hup-process.ts', import.meta.url), [config]);
    const messages: Message[] = [];
    child.on('message', (message: Message) => messages.push(message));
    await until('the boot', () => messages.length > 0);
    for (const round of ['second', 'third', 'fourth']) {
      await write('first', round);
      child.kill('SIGHUP');
      await until(`the watch ${round}`, () => messages.at(-1)?.names.includes(round));
    }
    child.send('close');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(messages[0]?.names).toEqual(['first']);
    expect(messages.at(-1)).toEqual({ names: ['first', 'fourth'], at: 0 });
  });
});
