import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { forkTypeScript } from '../../harness/fork.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { file } from '../../../lib/registries/file/file.js';
import { alternate } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';
import { openDiscovery } from '../measure/open-discovery.js';
import { percentile } from '../measure/statistics.js';

/** One command for the writing process. It stamps the write with its monotonic clock, which processes share. */
export type FileCommand = 'register' | 'plain-file';

const PLAIN = 'plain';
const nanoseconds = (): bigint => process.hrtime.bigint();

/** Milliseconds from a write in one process until another one has the endpoint, against its notification of a file. */
export async function visibleInFolder({ rounds, quick }: Effort): Promise<readonly Line[]> {
  const folder = await tempFolder('bench');
  const child = forkTypeScript(new URL('./visible-file-process.ts', import.meta.url), [folder, PLAIN]);
  await once(child, 'message');
  const { handle, close } = await openDiscovery(file(folder), 'web', 1);
  const writes = quick ? 20 : 200;
  const since = (stamp: string | undefined): number => Number(nanoseconds() - BigInt(stamp ?? 0)) / 1e6;
  /** One write after the other, each seen before the next one. */
  const all = async (command: FileCommand, see: () => Promise<number>): Promise<number[]> => {
    const took: number[] = [];
    for (let write = 0; write < writes; write++) {
      const seen = see();
      child.send(command);
      took.push(await seen);
    }
    return took;
  };
  const ours = async (): Promise<number[]> =>
    await all(
      'register',
      async () =>
        await new Promise((resolve) => {
          const subscription = handle.changes.subscribe(({ updated }) => {
            subscription.unsubscribe();
            resolve(since(updated[0]?.meta.at));
          });
        }),
    );
  const watcher = watch(join(folder, PLAIN));
  const floor = async (): Promise<number[]> =>
    await all('plain-file', async () => {
      for (;;) {
        const [, name] = (await once(watcher, 'change')) as [string, string];
        if (name.startsWith('at-')) return since(name.slice('at-'.length));
      }
    });
  try {
    const lines: Line[] = [];
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const values = await alternate(rounds, {
        ours: async () => percentile(await ours(), share),
        floor: async () => percentile(await floor(), share),
      });
      lines.push({
        what: `write until visible in another process, \`file:\`, ${name}`,
        unit: 'ms',
        ours: values.ours,
        floor: { name: '`fs.watch` event of a renamed file', values: values.floor },
      });
    }
    return lines;
  } finally {
    watcher.close();
    await close();
    child.kill();
    await removeFolder(folder);
  }
}
