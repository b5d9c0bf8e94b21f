import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { alternate } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';

const APP = fileURLToPath(new URL('./boot-app.mjs', import.meta.url));

/** Boots one application in a process of its own. Resolves with the milliseconds until it listened. */
async function boot(kind: 'empty' | 'sidekick'): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [APP, kind]);
  const took = Number(stdout);
  if (!(took > 0)) throw new Error(`Expected ${APP} to print milliseconds, got ${JSON.stringify(stdout)}.`);
  return took;
}

export async function measure(_variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const { ours, floor } = await alternate(quick ? 2 : rounds, {
    ours: async () => await boot('sidekick'),
    floor: async () => await boot('empty'),
  });
  return [
    {
      what: 'boot with both modules, `memory:`, one service',
      unit: 'ms',
      ours,
      floor: { name: 'an empty Nest Express application', values: floor },
      goal: { of: 'ratio', atMost: 1.1 },
    },
  ];
}
