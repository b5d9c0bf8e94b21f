// Cost of keys at rest: keys of constant value that one process keeps in a real etcd, against one raw lease with the same keys.
import { once } from 'node:events';
import { forkTypeScript } from '../harness/fork.js';
import { startEtcd } from '../harness/etcd.js';

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
  /** Heap in use at rest after a collection, in bytes. */
  readonly heap: number;
  /** Active timers of the process at rest. */
  readonly timers: number;
}

/** Measures one subject in a process of its own against an etcd of its own. */
export async function measure(plan: KeysPlan): Promise<KeysFigures> {
  const etcd = await startEtcd();
  try {
    const child = forkTypeScript(new URL('./keys-process.ts', import.meta.url), [
      JSON.stringify({ ...plan, endpoint: etcd.urls[0] }),
    ]);
    const exited = once(child, 'exit');
    const [figures] = (await Promise.race([once(child, 'message'), exited])) as [KeysFigures];
    if (typeof figures !== 'object') throw new Error(`The process of ${plan.subject} ended without figures.`);
    await exited;
    return figures;
  } finally {
    await etcd.stop();
  }
}
