import { jest } from '@jest/globals';
import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { ClusterError, EndpointError } from '../../../lib/etcd-client/errors/index.js';
import { EtcdLeases } from '../../../lib/etcd-client/leases.js';
import { type EtcdCaller, type EtcdRequest } from '../../../lib/etcd-client/request.js';
import { systemClock } from '../../../lib/common/clock.js';
import { RegistryUnavailableError } from '../../../lib/common/errors/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { EtcdLayout } from '../../../lib/registries/etcd/etcd-layout.js';
import { EtcdRegistry } from '../../../lib/registries/etcd/etcd-registry.js';
import { etcdFromUrl } from '../../../lib/registries/etcd/url.js';
import { type OwnKeysContext } from '../../../lib/registries/etcd/own-keys.js';
import { SessionRecord } from '../../../lib/registries/etcd/session-record.js';
import { EtcdSession } from '../../../lib/registries/etcd/etcd-session.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type Registry, type Scope } from '../../../lib/registry/registry.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';
import { follow, key, open, web } from './support.js';

const { signal } = new AbortController();

describe('the etcd registry', () => {
  let cluster: EtcdCluster;
  let registry: Registry;

  beforeAll(async () => {
    cluster = await startEtcd();
    registry = await open({ endpoints: cluster.urls, headerTimeoutPerRequest: 20 });
  });
  afterAll(async () => {
    await registry.close();
    await cluster.stop();
  });

  it('opens a session by another lease where the first has expired before its first use', async () => {
    const transport = await EtcdTransport.create({ endpoints: cluster.urls, headerTimeoutPerRequest: 20 });
    const leases = new EtcdLeases(transport);
    const call = transport.call.bind(transport);
    const recorded: string[] = [];
    // A process that stands still between two requests cannot be had in time, so the lease is revoked.
    const losing = jest.spyOn(transport, 'call').mockImplementation(async (request, ...rest) => {
      const [, id] = /^recording session (.*)$/.exec(request.what) ?? [];
      if (id !== undefined && recorded.push(id) === 1) await leases.revoke(id);
      return await call(request, ...rest);
    });
    const slow = new EtcdRegistry('etcd://slow', transport, new EtcdLayout('/slow'));
    const session = await slow.openSession({ ttl: 60 }, signal);
    expect(recorded).toHaveLength(2);
    expect(session.id).toBe(recorded[1]);
    await session.end(signal);
    losing.mockRestore();
    await slow.close();
  });

  it('writes what etcd’s Go package for naming reads', async () => {
    const session = await registry.openSession({ ttl: 300, name: 'spec' }, signal);
    await session.write(web('a:1'), undefined, signal);
    const text = await cluster.get('/nestjs-sidekick/web/a%3A1');
    expect(JSON.parse(text!)).toEqual({
      Op: 0,
      Addr: '10.0.0.1:80',
      Metadata: { id: 'a:1', tags: ['blue'], meta: {}, weight: 1, zone: 'z1', ports: {} },
    });
    expect(await cluster.get(`/nestjs-sidekick/.sessions/${session.id}`)).toBe('{"name":"spec"}');
    await session.end(signal);
    expect(await cluster.keys('/nestjs-sidekick/')).toEqual([]);
  });

  it('reads what Go has written, whatever its metadata', async () => {
    const metadata = ['null', '7', '"text"', '[1]', '{"weight":"heavy","tags":["go"],"x":{}}'];
    for (const [i, json] of metadata.entries()) {
      await cluster.put(
        `/nestjs-sidekick/go/10.0.0.${i}:80`,
        `{"Op":0,"Addr":"10.0.0.${i}:80","Metadata":${json}}`,
      );
    }
    await cluster.put('/nestjs-sidekick/go/broken', '{"Op":0,"Addr":"nowhere"}');
    const { entries, malformed } = await registry.list({ kind: 'service', service: 'go' }, signal);
    expect(entries.map(({ record }) => record)).toEqual(
      metadata.map((_, i) => ({
        kind: 'instance',
        instance: completeInstance({
          service: 'go',
          id: `10.0.0.${i}:80`,
          address: `10.0.0.${i}`,
          port: 80,
          ...(i === 4 && { tags: ['go'] }),
        }),
      })),
    );
    expect(malformed).toEqual([
      {
        entryKey: { kind: 'instance', service: 'go', id: 'broken' },
        reason: 'Expected `Addr` to be host:port, got "nowhere".',
      },
    ]);
  });

  it('keeps an own instance when the one that Go registered under the same id goes', async () => {
    const session = await registry.openSession({ ttl: 300 }, signal);
    const scope: Scope = { kind: 'service', service: 'twice' };
    const instance = completeInstance({
      service: 'twice',
      id: '10.0.0.9:8080',
      address: '10.0.0.9',
      port: 8080,
    });
    const { cursor } = await registry.list(scope, signal);
    const watch = follow(registry, scope, cursor);
    await session.write({ kind: 'instance', instance }, undefined, signal);
    await cluster.put(
      '/nestjs-sidekick/twice/10.0.0.9:8080',
      '{"Op":0,"Addr":"10.0.0.9:8080","Metadata":{"version":"1.4"}}',
    );
    expect((await registry.list(scope, signal)).entries.map(({ record }) => record)).toEqual([
      { kind: 'instance', instance },
    ]);
    await cluster.delete('/nestjs-sidekick/twice/10.0.0.9:8080');
    await until('all three to be reported', () => watch.changes.length === 3);
    expect(watch.changes.map((change) => change.kind === 'put' && change.entry.record)).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'instance', instance })),
    );
    await session.end(signal);
    await until('the end to be reported', () => watch.changes.at(-1)?.kind === 'delete');
    await watch.end();
    expect((await registry.list(scope, signal)).entries).toEqual([]);
  });

  it('takes an entry that its writer declares deleted for gone', async () => {
    const scope: Scope = { kind: 'service', service: 'declared' };
    await cluster.put('/nestjs-sidekick/declared/a', '{"Op":0,"Addr":"10.0.0.9:80"}');
    const { cursor } = await registry.list(scope, signal);
    const watch = follow(registry, scope, cursor);
    await cluster.put('/nestjs-sidekick/declared/a', '{"Op":1,"Addr":"10.0.0.9:80"}');
    await until('it to be reported', () => watch.changes.length > 0);
    expect(watch.changes).toMatchObject([{ kind: 'delete', cause: 'withdrawn' }]);
    await watch.end();
    expect(await registry.list(scope, signal)).toMatchObject({ entries: [], malformed: [] });
  });

  it.each([
    ['?prefix=', 'go-web/10.0.0.9:80'],
    ['?prefix=/', '/go-web/10.0.0.9:80'],
    ['?prefix=go-services', 'go-services/go-web/10.0.0.9:80'],
    ['/go-services', '/go-services/go-web/10.0.0.9:80'],
  ])('finds by etcd://…%s what Go has at %s, and registers beside it', async (suffix, goKey) => {
    const other = await etcdFromUrl(
      `etcd://${cluster.hosts}${suffix}${suffix.startsWith('?') ? '&' : '?'}timeout=20`,
    ).open({
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    await cluster.put(goKey, '{"Op":0,"Addr":"10.0.0.9:80","Metadata":{"version":"1.4"}}');
    const session = await other.openSession({ ttl: 300 }, signal);
    const own = completeInstance({ service: 'go-web', id: 'own', address: '10.0.0.1', port: 1 });
    await session.write({ kind: 'instance', instance: own }, undefined, signal);
    const { entries } = await other.list({ kind: 'service', service: 'go-web' }, signal);
    expect(entries.map(({ record }) => record)).toMatchObject([
      { instance: { id: '10.0.0.9:80', address: '10.0.0.9', meta: { version: '1.4' } } },
      { instance: own },
    ]);
    expect(await cluster.get(goKey.replace('10.0.0.9:80', 'own'))).toContain('10.0.0.1:1');
    await session.end(signal);
    await other.close();
    await cluster.delete(goKey);
  });

  it('distinguishes withdrawn from expired entries', async () => {
    const [ends, dies, removes] = await Promise.all(
      [1, 2, 3].map(async () => await registry.openSession({ ttl: 300 }, signal)),
    );
    await ends!.write(web('ends'), undefined, signal);
    await dies!.write(web('dies'), undefined, signal);
    await removes!.write(web('removes'), undefined, signal);
    await cluster.put('/nestjs-sidekick/web/foreign', '{"Op":0,"Addr":"10.0.0.9:80"}');
    const scope: Scope = { kind: 'service', service: 'web' };
    const { cursor } = await registry.list(scope, signal);
    await removes!.remove({ kind: 'instance', service: 'web', id: 'removes' }, signal);
    await removes!.end(signal);
    await ends!.end(signal);
    await cluster.revoke(BigInt(dies!.id).toString(16));
    await cluster.delete('/nestjs-sidekick/web/foreign');
    // Looked at later and from elsewhere, history still says the same.
    const watch = follow(registry, scope, cursor);
    await until('all to be reported', () => watch.changes.length === 4);
    await watch.end();
    expect(
      watch.changes.map(
        (change) => change.kind === 'delete' && [(change.entryKey as { id: string }).id, change.cause],
      ),
    ).toEqual([
      ['removes', 'withdrawn'],
      ['ends', 'withdrawn'],
      ['dies', 'expired'],
      ['foreign', 'withdrawn'],
    ]);
  });

  it('lists more than one page at one revision', async () => {
    const session = await registry.openSession({ ttl: 300 }, signal);
    const count = 2_500;
    for (let from = 0; from < count; from += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const instance = completeInstance({
            service: 'pages',
            id: String(from + i),
            address: '10.0.0.1',
            port: from + i + 1,
          });
          await session.write({ kind: 'instance', instance }, undefined, signal);
        }),
      );
    }
    const { entries } = await registry.list({ kind: 'service', service: 'pages' }, signal);
    expect(new Set(entries.map(({ record }) => record.kind === 'instance' && record.instance.id)).size).toBe(
      count,
    );
    await session.end(signal);
  });

  it('takes an entry key with a malformed value', async () => {
    await cluster.put('/nestjs-sidekick/web/rubbish', 'rubbish');
    const session = await registry.openSession({ ttl: 300 }, signal);
    expect(await session.write(web('rubbish'), undefined, signal)).toMatchObject({ ok: true });
    await session.end(signal);
  });

  describe('when answers are lost', () => {
    const NO_KEYS = { sessions: new Set() } as unknown as OwnKeysContext;

    /** A client that keeps what it sends, and on demand loses the answer or the request. */
    class Lossy implements EtcdCaller {
      readonly sent: EtcdRequest<unknown>[] = [];
      lose: 'nothing' | 'answer' | 'request' = 'nothing';

      constructor(readonly inner: EtcdTransport) {}

      get timeoutMs(): number {
        return this.inner.timeoutMs;
      }

      async call<T>(request: EtcdRequest<T>, s?: AbortSignal): Promise<T> {
        this.sent.push(request);
        const { lose } = this;
        this.lose = 'nothing';
        if (lose === 'answer') await this.inner.call(request, s);
        if (lose === 'request') {
          throw new ClusterError([new EndpointError(this.inner.pinned, 'silent', false)]);
        }
        return await this.inner.call(request, s);
      }

      async callOne<T>(endpoint: string, request: EtcdRequest<T>, s?: AbortSignal): Promise<T> {
        return await this.inner.callOne(endpoint, request, s);
      }
    }

    const layout = new EtcdLayout('/lossy');
    let transport: EtcdTransport;
    let lossy: Lossy;
    let session: EtcdSession;

    beforeEach(async () => {
      transport = await EtcdTransport.create({ endpoints: cluster.urls });
      lossy = new Lossy(transport);
      const leases = new EtcdLeases(transport);
      const lease = await leases.grant(30, {}, signal);
      const record = new SessionRecord(lossy, Buffer.from(layout.sessionKeyOf(lease.id)), lease.id, 'lossy');
      await record.open(signal);
      session = new EtcdSession(
        { url: 'etcd://lossy', client: lossy, leases, layout, keys: NO_KEYS, clock: systemClock },
        lease,
        record,
      );
    });
    afterEach(async () => {
      await session.end(signal);
      transport.close();
    });

    it('knows its own write again', async () => {
      lossy.lose = 'answer';
      const written = await session.write(key('/lost/answer'), undefined, signal);
      expect(written).toMatchObject({ ok: true });
      const listed = await registry.list({ kind: 'key', key: '/lost/answer' }, signal);
      expect(written.ok && written.version).toBe(listed.entries[0]!.version);
      expect(listed.entries[0]!.owner).toBe(session.id);
    });

    it('never lets a late write bring back what was removed', async () => {
      lossy.lose = 'request';
      await expect(session.write(key('/late'), undefined, signal)).rejects.toThrow(RegistryUnavailableError);
      const late = lossy.sent.at(-1)!;
      // Written meanwhile by the next try, and others with it.
      expect(await session.write(key('/late'), undefined, signal)).toMatchObject({ ok: true });
      const other = await session.write(key('/other'), undefined, signal);
      await session.remove({ kind: 'key', key: '/late' }, signal);
      const answer = (await transport.call(late)) as { succeeded: boolean };
      expect(answer.succeeded).toBe(false);
      expect(await cluster.get('/late')).toBeUndefined();
      // The session continues to write with its new fence, also writes that began before it.
      expect(await session.write(key('/other', '2'), other.ok ? other.version : '', signal)).toMatchObject({
        ok: true,
      });
      expect(await session.write(key('/late', 'again'), undefined, signal)).toMatchObject({ ok: true });
    });

    it('continues when another client moved its fence', async () => {
      await cluster.etcdctl([
        'put',
        `--lease=${BigInt(session.id).toString(16)}`,
        layout.sessionKeyOf(session.id),
        'x',
      ]);
      expect(await session.write(key('/moved'), undefined, signal)).toMatchObject({ ok: true });
    });
  });
});
