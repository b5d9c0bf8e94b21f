import { mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listing, webEntry } from '../../test/harness/in-memory/scripted-registry.js';
import { ServiceCacheBench, ids, record } from '../../test/harness/in-memory/service-cache-bench.js';
import { RegistryUnavailableError } from '../common/errors/index.js';
import { type ServiceCache, type ServiceCacheOptions } from './service-cache.js';

describe('ServiceCache', () => {
  let bench: ServiceCacheBench;
  let clock: ServiceCacheBench['clock'];
  let registry: ServiceCacheBench['registry'];
  let warnings: ServiceCacheBench['warnings'];

  const started = async (more: Partial<ServiceCacheOptions> = {}): Promise<ServiceCache> =>
    await bench.started(more);

  beforeEach(() => {
    bench = new ServiceCacheBench();
    ({ clock, registry, warnings } = bench);
  });

  afterEach(async () => {
    await bench.close();
  });

  describe('with a snapshot file', () => {
    let folder: string;
    let snapshot: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sidekick-snapshot-'));
      snapshot = join(folder, 'lists.json');
    });

    afterEach(async () => {
      await bench.closeCaches();
      await rm(folder, { recursive: true });
    });

    async function remember(): Promise<void> {
      registry.answer = () => listing([webEntry('a', { tags: ['t'], meta: { v: '1' }, zone: 'z' })]);
      const cache = await started({ snapshot });
      cache.watch({ service: 'web' });
      await clock.advance(0);
      await cache.close();
    }

    it('serves the stored lists, marked stale with their age, while the registry is down', async () => {
      await remember();
      await clock.advance(60_000);
      registry.answer = () => Promise.reject(new Error('refused'));
      const cache = await started({ snapshot });
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      expect(selection.endpoints).toEqual(
        [webEntry('a', { tags: ['t'], meta: { v: '1' }, zone: 'z' }).record].map((record) =>
          record.kind === 'instance' ? record.instance : undefined,
        ),
      );
      expect(selection.freshness).toMatchObject({ answered: false, stale: true, ageMs: 60_000 });
      registry.answer = () => listing([webEntry('b')]);
      const changes = record(selection);
      await clock.advance(5_000);
      expect(changes.map(ids)).toEqual([['b']]);
      expect(selection.freshness).toMatchObject({ answered: true, stale: false });
    });

    it('reports no change when the registry confirms the stored list', async () => {
      await remember();
      const cache = bench.make({ snapshot });
      const selection = cache.watch({ service: 'web' });
      await cache.start(registry);
      const changes = record(selection);
      await clock.advance(0);
      expect(selection.freshness.answered).toBe(true);
      expect(changes).toEqual([]);
      expect(ids(selection)).toEqual(['a']);
    });

    it('writes it atomically, readable by the owner alone', async () => {
      await remember();
      expect((await stat(snapshot)).mode & 0o777).toBe(0o600);
      expect(await readdir(folder)).toEqual(['lists.json']);
      expect(JSON.parse(await readFile(snapshot, 'utf8'))).toMatchObject({
        version: 1,
        services: [{ service: 'web', endpoints: [{ id: 'a' }] }],
      });
    });

    it('preserves services that a later run has not asked for yet', async () => {
      registry.answer = () => listing([webEntry('a')]);
      const first = await started({ snapshot });
      for (const service of ['web', 'api']) first.watch({ service });
      await clock.advance(0);
      await first.close();
      registry.answer = () => Promise.reject(new Error('refused'));
      for (let run = 0; run < 2; run++) {
        const cache = await started({ snapshot });
        cache.watch({ service: 'web' });
        await clock.advance(5_000);
        await cache.close();
      }
      const last = await started({ snapshot });
      const selection = last.watch({ service: 'api' });
      await clock.advance(0);
      expect(ids(selection)).toEqual(['a']);
    });

    it('waits for the registry with a service that is asked for later, while the registry is there', async () => {
      await remember();
      const cache = await started({ snapshot });
      registry.answer = () => listing([webEntry('b')]);
      // The list of the file may be as old as the process, and its addresses belong to others by now.
      const selection = cache.watch({ service: 'web' });
      const changes = record(selection);
      await clock.advance(0);
      expect(changes.map(ids)).toEqual([['b']]);
    });

    it('serves it at once to a service that is asked for later, while the registry is known to be away', async () => {
      await remember();
      const unreachable = new RegistryUnavailableError('test:', [
        { endpoint: 'test', error: new Error('refused') },
      ]);
      registry.answer = () => Promise.reject(unreachable);
      const cache = await started({ snapshot });
      cache.watch({ service: 'api' });
      await clock.advance(0);
      expect(ids(cache.watch({ service: 'web' }))).toEqual(['a']);
    });

    it('serves the last list of this run, not that of the file, to a watch that begins again', async () => {
      await remember();
      const cache = await started({ snapshot });
      registry.answer = () => listing([webEntry('b')]);
      const first = cache.watch({ service: 'web' });
      await clock.advance(0);
      expect(ids(first)).toEqual(['b']);
      registry.answer = () => Promise.reject(new Error('refused'));
      await first.close();
      await clock.advance(60_000);
      const second = cache.watch({ service: 'web' });
      await clock.advance(0);
      expect(ids(second)).toEqual(['b']);
      expect(second.freshness).toMatchObject({ answered: false, stale: true, ageMs: 60_000 });
    });

    it('is unchanged by a start without a registry', async () => {
      await remember();
      const before = JSON.parse(await readFile(snapshot, 'utf8')) as unknown;
      registry.answer = () => Promise.reject(new Error('refused'));
      const cache = await started({ snapshot });
      cache.watch({ service: 'web' });
      await clock.advance(5_000);
      await cache.close();
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
    ])('renames a corrupt file: %j', async (text) => {
      await writeFile(snapshot, text);
      const cache = await started({ snapshot });
      const selection = cache.watch({ service: 'web' });
      expect(selection.endpoints).toEqual([]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`Renamed it to ${snapshot}.corrupt.`);
      expect(await readFile(`${snapshot}.corrupt`, 'utf8')).toBe(text);
    });

    it('renames a file above 64 MiB, without reading it', async () => {
      await writeFile(snapshot, '');
      await truncate(snapshot, 64 * 1_024 * 1_024 + 1);
      await started({ snapshot });
      expect(warnings).toEqual([
        `Cannot use the snapshot ${snapshot}, ignoring its lists: Expected \`snapshot\` to be at most 67108864 bytes, got 67108865. Renamed it to ${snapshot}.corrupt.`,
      ]);
    });

    it('ignores a path that is not a regular file', async () => {
      await mkdir(snapshot);
      const cache = await started({ snapshot });
      expect(cache.watch({ service: 'web' }).endpoints).toEqual([]);
      expect(warnings[0]).toBe(
        `Cannot read the snapshot ${snapshot}, starting without it: It is not a regular file.`,
      );
      expect((await stat(snapshot)).isDirectory()).toBe(true);
    });

    it('continues without it when it cannot be written', async () => {
      registry.answer = () => listing([webEntry('a')]);
      const cache = await started({ snapshot: join(folder, 'no', 'such', 'folder.json') });
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      await cache.close();
      expect(ids(selection)).toEqual(['a']);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/^Cannot write the snapshot/);
    });
  });
});
