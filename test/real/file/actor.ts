// A process of its own on the file registry: actor.ts <role> <folder> <arguments…>
import { file } from '../../../lib/registries/file/file.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type KeyRecord } from '../../../lib/registry/entry-record.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { monotonic, sleep } from '../../harness/wait.js';

const [role = '', folder = '', ...args] = process.argv.slice(2);
const { signal } = new AbortController();
const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
let stopped = false;
const stop = new Promise<void>((resolve) => {
  process.once('message', () => {
    stopped = true;
    resolve();
  });
});

async function tell(message: object): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.send?.(message, undefined, {}, (error: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Announces an instance and keeps it alive until the command to stop. */
async function holder(registry: Registry, [service = '', id = '', ttl = '10']: string[]): Promise<void> {
  const session = await registry.openSession({ ttl: Number(ttl) }, signal);
  const instance = completeInstance({ service, id, address: '127.0.0.1', port: 80 });
  await session.write({ kind: 'instance', instance }, undefined, signal);
  await tell({ kind: 'announced', at: monotonic(), session: session.id });
  const beat = async (): Promise<boolean> =>
    await Promise.race([sleep((session.ttl * 1_000) / 3).then(() => true), stop.then(() => false)]);
  while (await beat()) {
    try {
      // Before the renewal: what it writes counts from then, however long the answer takes to be noticed.
      const at = monotonic();
      await session.renew(signal);
      await tell({ kind: 'renewed', at });
    } catch (error) {
      await tell({ kind: 'failed', name: (error as Error).name });
      return;
    }
  }
  await session.end(signal);
  await tell({ kind: 'ended', at: monotonic() });
}

/** Counts a key up, each time on top of what stands there. */
async function counter(registry: Registry, session: Session, key: string): Promise<void> {
  while (!stopped) {
    const { entries } = await registry.list({ kind: 'key', key }, signal);
    const [current] = entries;
    const count = Number(current?.record.kind === 'key' ? current.record.value : 0) + 1;
    const written = await session.write({ kind: 'key', key, value: String(count) }, current?.version, signal);
    if (written.ok) await tell({ kind: 'counted', count });
  }
}

/** Takes an empty key and gives it back, again and again: the key is a mutex. */
async function locker(session: Session, key: string): Promise<void> {
  const record: KeyRecord = { kind: 'key', key, value: String(process.pid) };
  while (!stopped) {
    const written = await session.write(record, undefined, signal);
    if (!written.ok) continue;
    const from = monotonic();
    await sleep(Math.random() * 3);
    const to = monotonic();
    await session.remove(record, signal);
    await tell({ kind: 'locked', from, to });
  }
}

const registry = await file(folder).open(deps);
if (role === 'holder') await holder(registry, args);
else {
  // Not renewed, so longer than any test takes.
  const session = await registry.openSession({ ttl: 600 }, signal);
  await tell({ kind: 'ready' });
  await (role === 'counter' ? counter(registry, session, args[0] ?? '') : locker(session, args[0] ?? ''));
  await tell({ kind: 'done' });
}
await registry.close();
process.disconnect();
