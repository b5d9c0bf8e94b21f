import { mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedRegistry, gone, listing, put, webEntry } from '../../test/unit/piloted/scripted-registry.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { memory } from '../registries/memory/memory.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ServiceCache, type ServiceCacheOptions } from './service-cache.js';
import { type ListChange } from './list-change.js';
import { type ServiceSelection } from './service-selection.js';

describe('Directory', () => {
  let clock: VirtualClock;
  let registry: ScriptedRegistry;
  let warnings: string[];
  let directories: ServiceCache[];

  function make(more: Partial<ServiceCacheOptions> = {}): ServiceCache {
    const logger = {
      log: () => undefined,
      warn: (text: string) => warnings.push(text),
      error: (text: string) => warnings.push(text),
    };
    const made = new ServiceCache({ clock, random: () => 0.5, logger, ...more });
    directories.push(made);
    return made;
  }

  async function started(more: Partial<ServiceCacheOptions> = {}): Promise<ServiceCache> {
    const made = make(more);
    await made.start(registry);
    return made;
  }

  function record(view: ServiceSelection): ListChange[] {
    const changes: ListChange[] = [];
    view.subscribe((change) => changes.push(change));
    return changes;
  }

  const ids = (view: { readonly endpoints: readonly { readonly id: string }[] }): string[] =>
    view.endpoints.map(({ id }) => id);

  beforeEach(() => {
    clock = new VirtualClock();
    registry = new ScriptedRegistry();
    warnings = [];
    directories = [];
  });

  afterEach(async () => {
    await Promise.all(directories.map((directory) => directory.close()));
    expect(clock.pending).toBe(0);
    expect(registry.open).toBe(0);
  });

  it('gives the complete frozen list and what is new in it', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    const directory = make();
    const view = directory.watch({ service: 'web' });
    const changes = record(view);
    expect([view.revision, view.endpoints]).toEqual([0, []]);
    await directory.start(registry);
    await clock.advance(0);
    await view.ready();
    registry.watch_.send(put('b', { port: 81 }, '2'), gone('a'), put('c'));
    await clock.advance(0);
    expect(changes.map((change) => [change.revision, ids(change)])).toEqual([
      [1, ['a', 'b']],
      [2, ['b', 'c']],
    ]);
    const { added, updated, removed } = changes[1]!;
    expect([added, updated, removed].map((list) => list.map(({ id, port }) => [id, port]))).toEqual([
      [['c', 80]],
      [['b', 81]],
      [['a', 80]],
    ]);
    expect(Object.isFrozen(view.endpoints)).toBe(true);
    expect(view.endpoints.every((endpoint) => Object.isFrozen(endpoint))).toBe(true);
  });

  it('says that an empty first list is an answer', async () => {
    const directory = await started();
    const view = directory.watch({ service: 'web' });
    const changes = record(view);
    await clock.advance(0);
    expect(changes.map(({ endpoints }) => endpoints)).toEqual([[]]);
    expect(view.freshness).toMatchObject({ answered: true, stale: false, age: 0 });
  });

  it('follows a service once for all its tags, and each tag sees its own changes', async () => {
    registry.answer = () => listing([webEntry('a', { tags: ['blue'] }), webEntry('b', { tags: ['green'] })]);
    const directory = await started();
    const all = directory.watch({ service: 'web' });
    const blue = directory.watch({ service: 'web', tag: 'blue' });
    const changes = record(blue);
    await clock.advance(0);
    expect(registry.watches).toHaveLength(1);
    expect([ids(all), ids(blue)]).toEqual([['a', 'b'], ['a']]);
    registry.watch_.send(put('b', { tags: ['green'], port: 81 }, '2'));
    await clock.advance(0);
    registry.watch_.send(put('b', { tags: ['blue'] }, '3'));
    registry.watch_.send(put('a', { tags: [] }, '3'));
    await clock.advance(0);
    expect(changes.map((change) => [ids(change), change.added.length, change.removed.length])).toEqual([
      [['a'], 1, 0],
      [['a', 'b'], 1, 0],
      [['b'], 0, 1],
    ]);
  });

  it('follows each datacenter on its own', async () => {
    const directory = await started();
    directory.watch({ service: 'web', dc: 'east' });
    directory.watch({ service: 'web', dc: 'west' });
    await clock.advance(0);
    expect(registry.scopes).toEqual([
      { kind: 'service', service: 'web', dc: 'east' },
      { kind: 'service', service: 'web', dc: 'west' },
    ]);
  });

  it('prefers the zone while it has endpoints', async () => {
    registry.answer = () => listing([webEntry('a', { zone: 'z1' }), webEntry('b', { zone: 'z2' })]);
    const directory = await started();
    const view = directory.watch({ service: 'web', zone: 'z1' });
    const changes = record(view);
    await clock.advance(0);
    expect(ids(view)).toEqual(['a']);
    registry.watch_.send(gone('a'));
    await clock.advance(0);
    expect(ids(view)).toEqual(['b']);
    expect(changes.at(-1)).toMatchObject({ added: [{ id: 'b' }], removed: [{ id: 'a' }] });
  });

  it('leaves out addresses that are not allowed, with one warning each', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('evil', { address: '169.254.169.254' })]);
    const directory = await started({ allow: ['10.0.0.0/8'] });
    const view = directory.watch({ service: 'web' });
    await clock.advance(0);
    expect(ids(view)).toEqual(['a']);
    registry.watch_.send(put('evil', { address: '169.254.169.254', port: 81 }, '2'));
    registry.watch_.send(put('evil', { address: '169.254.169.254', port: 81 }, '3'));
    registry.watch_.send(put('a', { address: '8.8.8.8' }, '2'));
    await clock.advance(0);
    expect(ids(view)).toEqual([]);
    expect(warnings.filter((text) => text.includes('"evil"'))).toHaveLength(2);
    expect(warnings[0]).toContain('Leaving out endpoint "evil" of service "web"');
  });

  it('keeps its list, stale and ageing, while the registry is down', async () => {
    registry.answer = () => listing([webEntry('a')]);
    const directory = await started();
    const view = directory.watch({ service: 'web' });
    const changes = record(view);
    await clock.advance(0);
    registry.answer = () => Promise.reject(new Error('refused'));
    registry.watch_.push(new Error('reset'));
    await clock.advance(600_000);
    expect(ids(view)).toEqual(['a']);
    expect(view.freshness).toMatchObject({ answered: true, stale: true, age: 600_000 });
    registry.answer = () => listing([webEntry('a')]);
    await clock.advance(5_000);
    expect(view.freshness.stale).toBe(false);
    expect(changes).toHaveLength(1);
  });

  it('ends a watch with its last view, and leaves nothing after 10,000 of them', async () => {
    const directory = await started();
    const first = directory.watch({ service: 'web' });
    const second = directory.watch({ service: 'web', tag: 'x' });
    await clock.advance(0);
    await first.close();
    await first.close();
    expect(registry.open).toBe(1);
    await second.close();
    expect(registry.open).toBe(0);
    for (let round = 0; round < 100; round++) {
      const views = Array.from({ length: 100 }, () => directory.watch({ service: 'web' }));
      views.forEach((view) => view.subscribe(() => undefined));
      await Promise.all(views.map((view) => view.close()));
    }
    expect(registry.open).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('survives a listener that throws, and ends a subscription', async () => {
    const directory = await started();
    const view = directory.watch({ service: 'web' });
    view.subscribe(() => {
      throw new Error('mine');
    });
    const changes = record(view);
    let calls = 0;
    const end = view.subscribe(() => calls++);
    await clock.advance(0);
    end();
    registry.watch_.send(put('a'));
    await clock.advance(0);
    expect([changes.length, calls]).toEqual([2, 1]);
    expect(warnings).toContain('A listener for service "web" failed: mine');
  });

  it('rejects what waits for a first list that will not come', async () => {
    const directory = make();
    const view = directory.watch({ service: 'web' });
    const waiting = expect(view.ready()).rejects.toThrow(ClosedError);
    await directory.close();
    await waiting;
    expect(() => directory.watch({ service: 'web' })).toThrow(ClosedError);
    await directory.start(registry);
    expect(registry.lists).toBe(0);
  });

  it('reads the memory registry, service by service', async () => {
    const source = memory();
    const real = await source.open({
      clock,
      random: () => 0.5,
      logger: { log: () => 0, warn: () => 0, error: () => 0 },
    });
    const { signal } = new AbortController();
    const session = await real.openSession({ ttl: 10 }, signal);
    const directory = make();
    await directory.start(real);
    const web = directory.watch({ service: 'web' });
    const odd = directory.watch({ service: '__proto__' });
    await clock.advance(0);
    await session.write(webEntry('constructor').record, undefined, signal);
    await clock.advance(0);
    expect([ids(web), ids(odd)]).toEqual([['constructor'], []]);
    await session.end(signal);
    await clock.advance(0);
    expect(ids(web)).toEqual([]);
    await directory.close();
    await real.close();
  });

  describe('with the mass-expiry guard', () => {
    it('lets go at once of what a registry of full lists does not call expired', async () => {
      registry.answer = () => listing(['a', 'b', 'c', 'd'].map((id) => webEntry(id)));
      const directory = await started({ expiryGuard: {} });
      const view = directory.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.push({ kind: 'listing', listing: { ...listing([webEntry('a')]), expired: [] } });
      await clock.advance(0);
      expect(ids(view)).toEqual(['a']);
    });

    it('is refused on a registry that never says why an instance went', async () => {
      const mute = Object.assign(registry, { reportsCauses: false });
      await expect(make({ expiryGuard: {} }).start(mute)).rejects.toBeInstanceOf(InvalidOptionError);
      await expect(make().start(mute)).resolves.toBeUndefined();
    });

    const many = (count: number) => Array.from({ length: count }, (_, index) => webEntry(`i${index}`));

    it('holds those who expire together for a grace, and lets the withdrawn go', async () => {
      registry.answer = () => listing(many(10));
      const directory = await started({ expiryGuard: {} });
      const view = directory.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.send(
        gone('i0'),
        ...many(10)
          .slice(1, 6)
          .map((_, index) => gone(`i${index + 1}`, 'expired')),
      );
      await clock.advance(0);
      expect(view.endpoints).toHaveLength(9);
      expect(warnings[0]).toContain('5 endpoints of service "web" expired together');
      registry.watch_.send(put('i1', {}, '2'));
      for (let wait = 0; wait < 6; wait++) {
        await clock.advance(4_900);
        registry.watch_.send();
      }
      expect(view.endpoints).toHaveLength(9);
      await clock.advance(1_000);
      expect(ids(view)).toEqual(['i1', 'i6', 'i7', 'i8', 'i9']);
    });

    it('doubts a list that has suddenly lost most of a service', async () => {
      registry.answer = () => listing(many(10));
      const directory = await started({ expiryGuard: { grace: 3_000 } });
      const view = directory.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.push({ kind: 'listing', listing: listing([]) });
      await clock.advance(0);
      expect(view.endpoints).toHaveLength(10);
      await clock.advance(3_000);
      expect(view.endpoints).toHaveLength(0);
    });

    it('believes at once without it', async () => {
      registry.answer = () => listing(many(10));
      const directory = await started();
      const view = directory.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.push({ kind: 'listing', listing: listing([]) });
      await clock.advance(0);
      expect(view.endpoints).toHaveLength(0);
    });
  });

  describe('with a snapshot file', () => {
    let folder: string;
    let snapshot: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sidekick-snapshot-'));
      snapshot = join(folder, 'lists.json');
    });

    afterEach(async () => {
      await Promise.all(directories.map((directory) => directory.close()));
      await rm(folder, { recursive: true });
    });

    async function remember(): Promise<void> {
      registry.answer = () => listing([webEntry('a', { tags: ['t'], meta: { v: '1' }, zone: 'z' })]);
      const directory = await started({ snapshot });
      directory.watch({ service: 'web' });
      await clock.advance(0);
      await directory.close();
    }

    it('serves the kept lists, marked stale with their age, while the registry is down', async () => {
      await remember();
      await clock.advance(60_000);
      registry.answer = () => Promise.reject(new Error('refused'));
      const directory = await started({ snapshot });
      const view = directory.watch({ service: 'web' });
      await clock.advance(0);
      expect(view.endpoints).toEqual(
        [webEntry('a', { tags: ['t'], meta: { v: '1' }, zone: 'z' }).record].map((record) =>
          record.kind === 'instance' ? record.instance : undefined,
        ),
      );
      expect(view.freshness).toMatchObject({ answered: false, stale: true, age: 60_000 });
      registry.answer = () => listing([webEntry('b')]);
      const changes = record(view);
      await clock.advance(5_000);
      expect(changes.map(ids)).toEqual([['b']]);
      expect(view.freshness).toMatchObject({ answered: true, stale: false });
    });

    it('says nothing when the registry confirms the kept list', async () => {
      await remember();
      const directory = await started({ snapshot });
      const view = directory.watch({ service: 'web' });
      const changes = record(view);
      await clock.advance(0);
      expect(view.freshness.answered).toBe(true);
      expect(changes).toEqual([]);
      expect(ids(view)).toEqual(['a']);
    });

    it('writes it as a whole, for the owner alone', async () => {
      await remember();
      expect((await stat(snapshot)).mode & 0o777).toBe(0o600);
      expect(await readdir(folder)).toEqual(['lists.json']);
      expect(JSON.parse(await readFile(snapshot, 'utf8'))).toMatchObject({
        version: 1,
        services: [{ service: 'web', endpoints: [{ id: 'a' }] }],
      });
    });

    it('keeps services that a later run has not asked for yet', async () => {
      registry.answer = () => listing([webEntry('a')]);
      const first = await started({ snapshot });
      for (const service of ['web', 'api']) first.watch({ service });
      await clock.advance(0);
      await first.close();
      registry.answer = () => Promise.reject(new Error('refused'));
      for (let run = 0; run < 2; run++) {
        const directory = await started({ snapshot });
        directory.watch({ service: 'web' });
        await clock.advance(5_000);
        await directory.close();
      }
      const last = await started({ snapshot });
      expect(ids(last.watch({ service: 'api' }))).toEqual(['a']);
    });

    it('is not made empty by a start without a registry', async () => {
      await remember();
      const before = JSON.parse(await readFile(snapshot, 'utf8')) as unknown;
      registry.answer = () => Promise.reject(new Error('refused'));
      const directory = await started({ snapshot });
      directory.watch({ service: 'web' });
      await clock.advance(5_000);
      await directory.close();
      expect(JSON.parse(await readFile(snapshot, 'utf8'))).toEqual(before);
    });

    it.each([
      '',
      '{',
      '[]',
      '{"version":2}',
      '{"version":1,"services":{}}',
      '{"version":1,"services":[{"service":"","heard":1,"endpoints":[]}]}',
      '{"version":1,"services":[{"service":"web","heard":1,"endpoints":[{"id":"a","address":"10.0.0.1","port":0}]}]}',
      '{"version":1,"services":[null]}',
    ])('sets a corrupt one aside: %j', async (text) => {
      await writeFile(snapshot, text);
      const directory = await started({ snapshot });
      const view = directory.watch({ service: 'web' });
      expect(view.endpoints).toEqual([]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`It was set aside as ${snapshot}.corrupt.`);
      expect(await readFile(`${snapshot}.corrupt`, 'utf8')).toBe(text);
    });

    it('sets one of more than 64 MiB aside, without reading it', async () => {
      await writeFile(snapshot, '');
      await truncate(snapshot, 64 * 1_024 * 1_024 + 1);
      await started({ snapshot });
      expect(warnings).toEqual([
        `The snapshot ${snapshot} cannot be used: Expected \`snapshot\` to be at most 67108864 bytes, got 67108865. It was set aside as ${snapshot}.corrupt.`,
      ]);
    });

    it('leaves what is no file where it is', async () => {
      await mkdir(snapshot);
      const directory = await started({ snapshot });
      expect(directory.watch({ service: 'web' }).endpoints).toEqual([]);
      expect(warnings[0]).toBe(`The snapshot ${snapshot} cannot be read: It is not a file.`);
      expect((await stat(snapshot)).isDirectory()).toBe(true);
    });

    it('goes on without it where it cannot be written', async () => {
      registry.answer = () => listing([webEntry('a')]);
      const directory = await started({ snapshot: join(folder, 'no', 'such', 'folder.json') });
      const view = directory.watch({ service: 'web' });
      await clock.advance(0);
      await directory.close();
      expect(ids(view)).toEqual(['a']);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/cannot be written/);
    });
  });
});
