// Cost of keys at rest: keys of constant value that one process keeps in a real etcd, against one raw lease with the same keys.
import { once } from 'node:events';
import { forkTypeScript } from '../../harness/fork.js';
import { startEtcd } from '../../harness/etcd.js';
import { type Effort, type Line } from '../measure/line.js';

/** `sidekick`: registrations of this library. `lease`: one `etcd3` lease and one put for each key. */
export type KeysSubject = 'sidekick' | 'lease';

export interface KeysPlan {
  readonly subject: KeysSubject;
  readonly keys: number;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds at rest after the start; long enough for several renewals. */
  readonly rest: number;
}

export interface KeysFigures {
  /** Seconds from the first request until the registry has every key. */
  readonly start: number;
  /** Share of one processor at rest, in percent. */
  readonly cpu: number;
  /** Resident memory at rest, in MB. */
  readonly rss: number;
  /** Heap in use at rest after a collection, in bytes more than before the start. */
  readonly heap: number;
  /** Active timers of the process at rest. */
  readonly timers: number;
}

/**
 * V8 collects the heap of an idle thread once, some seconds after its start. That costs more than minutes at rest, and falls
 * into the measured time of the one process or of the other.
 */
const NO_IDLE_COLLECTION = '--no-memory-reducer';

/** A process with its keys, and an etcd of its own. */
interface Started {
  /** Rests, and resolves with the figures when the process and the server have ended. */
  rest(): Promise<KeysFigures>;
  stop(): Promise<void>;
}

async function start(plan: KeysPlan): Promise<Started> {
  const etcd = await startEtcd();
  const child = forkTypeScript(
    new URL('./keys-process.ts', import.meta.url),
    [JSON.stringify({ ...plan, endpoint: etcd.urls[0] })],
    {},
    [NO_IDLE_COLLECTION],
  );
  const exited = once(child, 'exit');
  /** The next message; rejects if the process ends instead. */
  const next = async (): Promise<unknown> => {
    const [message] = (await Promise.race([once(child, 'message'), exited])) as [unknown];
    if (typeof message !== 'object') throw new Error(`The process of ${plan.subject} ended without figures.`);
    return message;
  };
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
    await etcd.stop();
  };
  try {
    await next();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    rest: async () => {
      child.send('rest');
      const figures = (await next()) as KeysFigures;
      await exited;
      return figures;
    },
    stop,
  };
}

/** Starts both subjects one after the other, and lets them rest at the same time. */
async function round(
  order: readonly KeysSubject[],
  plan: Omit<KeysPlan, 'subject'>,
): Promise<Record<KeysSubject, KeysFigures>> {
  const started: [KeysSubject, Started][] = [];
  try {
    for (const subject of order) started.push([subject, await start({ ...plan, subject })]);
    const figures = await Promise.all(
      started.map(async ([subject, { rest }]) => [subject, await rest()] as const),
    );
    return Object.fromEntries(figures) as Record<KeysSubject, KeysFigures>;
  } finally {
    for (const [, { stop }] of started) await stop();
  }
}

/** `100`, `10000`: keys. */
export async function measure(variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const keys = Number(variant);
  const ours: KeysFigures[] = [];
  const floor: KeysFigures[] = [];
  // One round takes two processes and two servers, so it is its own warm-up.
  for (let index = 0; index < (quick ? 1 : rounds); index++) {
    const order = index % 2 === 0 ? (['sidekick', 'lease'] as const) : (['lease', 'sidekick'] as const);
    const figures = await round(order, { keys, ttl: 10, rest: quick ? 8 : 16 });
    ours.push(figures.sidekick);
    floor.push(figures.lease);
  }
  const line = (
    [what, unit]: readonly [string, string],
    value: (figures: KeysFigures) => number,
    goal: Line['goal'],
  ): Line => ({
    what: `${what}, ${keys} keys`,
    unit,
    ours: ours.map(value),
    floor: { name: 'one `etcd3` lease', values: floor.map(value) },
    ...(goal ? { goal } : {}),
    x: keys,
  });
  const many = keys >= 10_000;
  const cpuGoal = many ? 0.5 : keys <= 100 ? 0.3 : undefined;
  return [
    line(
      ['processor at rest', '%'],
      ({ cpu }) => cpu,
      cpuGoal === undefined ? undefined : { of: 'difference', atMost: cpuGoal },
    ),
    line(
      ['heap', 'kB a key'],
      ({ heap }) => heap / 1e3 / keys,
      many ? { of: 'difference', atMost: 2 } : undefined,
    ),
    line(['start', 's'], ({ start }) => start, many ? { of: 'ratio', atMost: 1.5 } : undefined),
    line(['timers at rest', 'timers'], ({ timers }) => timers, undefined),
  ];
}
