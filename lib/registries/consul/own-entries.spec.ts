import { answer, ScriptedService } from '../../../test/harness/in-memory/consul.js';
import { Semaphore } from '../../common/async/semaphore.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { type EntryChange } from '../../registry/registry.js';
import { OwnEntries } from './own-entries.js';

const web = (id: string): EntryKey => ({ kind: 'instance', service: 'web', id });

class World {
  readonly consul = new ScriptedService();
  readonly own = new OwnEntries({
    client: this.consul.client,
    clock: this.consul.clock,
    blockingQueries: new Semaphore(96),
  });
  private readonly controller = new AbortController();
  readonly yielded: EntryChange[] = [];
  /** How many batches were yielded, with those that are only a sign of life. */
  batches = 0;

  /** Watches until the watch ends. Resolves with its error. */
  async watch(): Promise<unknown> {
    try {
      for await (const changes of this.own.watch(this.controller.signal)) {
        this.batches += 1;
        this.yielded.push(...changes);
      }
      return 'ended';
    } catch (error) {
      return error;
    }
  }

  /** What was yielded since the last call, as `id=version`. */
  take(): readonly string[] {
    return this.yielded
      .splice(0)
      .map(({ entryKey, version }) => `${'id' in entryKey ? entryKey.id : entryKey.key}=${version}`);
  }

  /** The session writes instances at once. */
  write(...ids: readonly string[]): string {
    const writes = ids.map((id) => this.own.writing(web(id)));
    const version = this.consul.change(ids);
    for (const write of writes) this.own.written(write, version);
    return version;
  }

  /** The session writes instances, and their versions are yielded. Returns the promise of {@link World.watch}. */
  async watchWritten(...ids: readonly string[]): Promise<{ readonly watched: Promise<unknown> }> {
    this.write(...ids);
    const watched = this.watch();
    await this.consul.clock.advance(10);
    this.take();
    return { watched };
  }

  async end(watched: Promise<unknown>): Promise<unknown> {
    this.controller.abort();
    const result = await watched;
    await this.consul.clock.advance(5_000);
    expect(this.consul.clock.pending).toBe(0);
    return result;
  }
}

describe('OwnEntries', () => {
  it('has one query for all instances of a service, and yields each version once', async () => {
    const world = new World();
    const { consul } = world;
    const first = world.write('a', 'b', 'c');
    const watched = world.watch();
    await consul.clock.advance(0);
    expect(world.take()).toEqual([`a=${first}`, `b=${first}`, `c=${first}`]);
    expect(consul.queries).toHaveLength(2);
    const second = consul.change(['b']);
    await consul.clock.advance(10_000);
    expect(world.take()).toEqual([`b=${second}`]);
    consul.change(['a'], false);
    await consul.clock.advance(10_000);
    expect(world.take()).toEqual(['a=undefined']);
    expect(world.batches).toBeGreaterThan(6);
    expect(await world.end(watched)).toBe('ended');
  });

  it('has a query of its own for each key, and none for the keys of elections and locks', async () => {
    const world = new World();
    world.consul.reply = (request) => world.consul.blocked(request, answer([], { 'x-consul-index': '3' }));
    for (const key of ['one', 'two']) world.own.written(world.own.writing({ kind: 'key', key }), undefined);
    expect(world.own.writing({ kind: 'key', key: 'leader', space: 'elections' })).toBeUndefined();
    const watched = world.watch();
    await world.consul.clock.advance(10);
    expect(world.take()).toEqual(['one=undefined', 'two=undefined']);
    expect(new Set(world.consul.requests.map(({ path }) => path))).toEqual(new Set(['/kv/one', '/kv/two']));
    await world.end(watched);
  });

  it('yields nothing of an entry while a write is in progress, and then what the watch has seen', async () => {
    const world = new World();
    const { consul, own } = world;
    const { watched } = await world.watchWritten('a');
    const write = own.writing(web('a'));
    const version = consul.change(['a']);
    await consul.clock.advance(200);
    expect(world.take()).toEqual([]);
    own.written(write, version);
    await consul.clock.advance(0);
    expect(world.take()).toEqual([`a=${version}`]);
    // Another client writes after the session, before the session knows that its write has ended.
    const overwritten = own.writing(web('a'));
    const mine = consul.change(['a']);
    const theirs = consul.change(['a']);
    await consul.clock.advance(200);
    own.written(overwritten, mine);
    await consul.clock.advance(4_000);
    expect(world.take()).toEqual([`a=${theirs}`]);
    await world.end(watched);
  });

  it('yields nothing of an entry that the query in flight did not ask for', async () => {
    const world = new World();
    const { consul } = world;
    const { watched } = await world.watchWritten('a');
    // The query that waits for a change has the filter of before: its response shows `a` alone.
    const version = world.write('b');
    await consul.clock.advance(10);
    expect(world.take()).toEqual([`b=${version}`]);
    await world.end(watched);
  });

  it('does not take the end of a write for that of a later one, with a removal in between', async () => {
    const world = new World();
    const { consul, own } = world;
    const { watched } = await world.watchWritten('a');
    const former = own.writing(web('a'));
    own.delete(web('a'));
    const write = own.writing(web('a'));
    own.written(former, undefined);
    await consul.clock.advance(4_000);
    expect(world.take()).toEqual([]);
    const version = consul.change(['a']);
    own.written(write, version);
    await consul.clock.advance(100);
    expect(world.take()).toEqual([`a=${version}`]);
    await world.end(watched);
  });

  it('ends the query of a service with its last entry, and everything when it is closed', async () => {
    const world = new World();
    const { consul, own } = world;
    const { watched } = await world.watchWritten('a', 'b');
    own.delete(web('a'));
    await consul.clock.advance(10_000);
    const queries = consul.queries.length;
    own.delete(web('b'));
    await consul.clock.advance(10_000);
    expect(consul.queries).toHaveLength(queries);
    own.close();
    expect(await watched).toBe('ended');
    expect(own.writing(web('c'))).toBeUndefined();
    await consul.clock.advance(5_000);
    expect(consul.clock.pending).toBe(0);
  });

  it('throws the error of a query, and yields all versions again to the next watch', async () => {
    const world = new World();
    const { consul } = world;
    const version = world.write('a');
    const { reply } = consul;
    consul.reply = () => answer('No cluster leader', {}, 500);
    const failed = world.watch();
    await consul.clock.advance(10);
    expect(await failed).toMatchObject({ message: expect.stringContaining('No cluster leader') as string });
    consul.reply = reply;
    for (let watch = 0; watch < 2; watch++) {
      // The second one ends the first.
      const watched = world.watch();
      await consul.clock.advance(10);
      expect(world.take()).toEqual([`a=${version}`]);
      if (watch === 1) await world.end(watched);
    }
  });
});
