import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { file } from '../../../lib/registries/file/file.js';
import { type Registry, type Scope } from '../../../lib/registry/registry.js';
import { forkTypeScript } from '../../harness/fork.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { monotonic, sleep, until } from '../../harness/wait.js';

interface Message {
  readonly kind: string;
  readonly at?: number;
  readonly name?: string;
  readonly count?: number;
  readonly from?: number;
  readonly to?: number;
}

interface Actor {
  readonly process: ChildProcess;
  readonly messages: Message[];
  readonly exited: Promise<unknown>;
}

const web: Scope = { kind: 'service', service: 'web' };
const { signal } = new AbortController();

describe('processes on one file registry', () => {
  let folder: string;
  let registry: Registry;
  const actors: Actor[] = [];

  beforeEach(async () => {
    folder = await tempFolder('file');
    registry = await file(folder).open({ clock: systemClock, random: Math.random, logger: silentLogger });
  });

  afterEach(async () => {
    for (const actor of actors.splice(0)) {
      actor.process.kill('SIGKILL');
      await actor.exited;
    }
    await registry.close();
    await removeFolder(folder);
  });

  function act(role: string, ...args: string[]): Actor {
    const child = forkTypeScript(new URL('./actor.ts', import.meta.url), [role, folder, ...args]);
    const actor: Actor = { process: child, messages: [], exited: once(child, 'exit') };
    child.on('message', (message: Message) => actor.messages.push(message));
    actors.push(actor);
    return actor;
  }

  const heard = async (actor: Actor, kind: string): Promise<Message> =>
    await until(`"${kind}" from the process`, () => actor.messages.find((message) => message.kind === kind));

  const stop = async (actor: Actor): Promise<void> => {
    actor.process.send('stop');
    await heard(actor, 'done');
    await actor.exited;
  };

  const ids = async (): Promise<string[]> =>
    (await registry.list(web, signal)).entries.map(({ record }) =>
      record.kind === 'instance' ? record.instance.id : '',
    );

  /** Notes when the watch of `web` first shows what `holds` describes. */
  async function watching(): Promise<{ readonly seen: (string[] | undefined)[]; stop(): Promise<void> }> {
    const controller = new AbortController();
    const { cursor } = await registry.list(web, signal);
    const seen: string[][] = [];
    const running = (async () => {
      for await (const batch of registry.watch(web, cursor, controller.signal))
        if (batch.kind === 'listing')
          seen.push(
            batch.listing.entries
              .map(({ record }) => (record.kind === 'instance' ? record.instance.id : ''))
              .sort(),
          );
    })();
    return {
      seen,
      stop: async () => {
        controller.abort();
        await running;
      },
    };
  }

  it('sees what others announce and withdraw, in the order of it', async () => {
    const watch = await watching();
    const [one, two] = [act('holder', 'web', 'one'), act('holder', 'web', 'two')];
    await Promise.all([heard(one, 'announced'), heard(two, 'announced')]);
    expect((await ids()).sort()).toEqual(['one', 'two']);
    await until('the watch to show both', () => watch.seen.at(-1)?.length === 2);
    one.process.send('stop');
    await heard(one, 'ended');
    expect(await ids()).toEqual(['two']);
    await until('the watch to show one', () => watch.seen.at(-1)?.join() === 'two');
    two.process.send('stop');
    await Promise.all([one.exited, two.exited]);
    await until('the watch to show none', () => watch.seen.at(-1)?.length === 0);
    await watch.stop();
    expect(await readdir(join(folder, 'sessions'))).toEqual([]);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('keeps the entry of a killed process for its TTL and no longer', async () => {
    const watch = await watching();
    const actor = act('holder', 'web', 'one', '5');
    await heard(actor, 'renewed');
    actor.process.kill('SIGKILL');
    await actor.exited;
    const last = Math.max(...actor.messages.map(({ at }) => at ?? 0));
    expect(await ids()).toEqual(['one']);
    await until('the watch to show it gone', () => watch.seen.at(-1)?.length === 0);
    const lived = monotonic() - last;
    expect(lived).toBeGreaterThan(4_990);
    expect(lived).toBeLessThan(50_000);
    expect(await ids()).toEqual([]);
    await watch.stop();
  });

  it('reports a lost session to a process that was paused beyond its TTL', async () => {
    const actor = act('holder', 'web', 'one', '2');
    await heard(actor, 'announced');
    actor.process.kill('SIGSTOP');
    await until('its entry to expire', async () => (await ids()).length === 0);
    actor.process.kill('SIGCONT');
    expect((await heard(actor, 'failed')).name).toBe('SessionGoneError');
    expect(await ids()).toEqual([]);
  });

  it('lets exactly one process write each version of an entry, though they are paused and killed while they write', async () => {
    const key = 'counter';
    const started = Array.from({ length: 5 }, () => act('counter', key));
    await Promise.all(started.map((actor) => heard(actor, 'ready')));
    await until('the count to go up', () => started.some(({ messages }) => messages.length > 50));
    for (let n = 0; n < 300; n++) {
      const paused = started[n % started.length]!.process;
      paused.kill('SIGSTOP');
      await sleep(Math.random() * 15);
      paused.kill('SIGCONT');
    }
    const killed = started.slice(0, 3);
    for (const actor of killed) {
      await sleep(Math.random() * 50);
      actor.process.kill('SIGKILL');
      await actor.exited;
    }
    const counts = (): number[] =>
      started.flatMap(({ messages }) => messages.flatMap(({ count }) => count ?? []));
    const before = counts().length;
    await until('the others to continue', () => counts().length > before + 50);
    for (const actor of started.slice(3)) await stop(actor);

    const reported = counts();
    const [entry] = (await registry.list({ kind: 'key', key }, signal)).entries;
    const final = Number(entry?.record.kind === 'key' ? entry.record.value : NaN);
    expect(new Set(reported).size).toBe(reported.length);
    expect(Math.max(...reported)).toBeLessThanOrEqual(final);
    // A killed process may not have reported its last write.
    expect(final - reported.length).toBeGreaterThanOrEqual(0);
    expect(final - reported.length).toBeLessThanOrEqual(killed.length);
  });

  it('lets one process at a time register an empty entry key, however often it is emptied', async () => {
    const started = Array.from({ length: 4 }, () => act('locker', 'mutex'));
    await Promise.all(started.map((actor) => heard(actor, 'ready')));
    const held = (): { from: number; to: number }[] =>
      started
        .flatMap(({ messages }) => messages.flatMap(({ from, to }) => (from && to ? [{ from, to }] : [])))
        .sort((a, b) => a.from - b.from);
    await until('the entry key to be held 300 times', () => held().length > 300, { deadline: 150_000 });
    for (const actor of started) await stop(actor);
    for (const [n, { from }] of held().entries()) if (n > 0) expect(from).toBeGreaterThan(held()[n - 1]!.to);
  });
});
