import { type Answer } from 'dns-packet';
import { systemClock } from '../../../lib/common/clock.js';
import {
  InvalidOptionError,
  RegistryRefusedError,
  RegistryUnavailableError,
} from '../../../lib/common/errors/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { dns } from '../../../lib/registries/dns/dns.js';
import { dnsFromUrl } from '../../../lib/registries/dns/url.js';
import { type Instance } from '../../../lib/registry/instance.js';
import { type Registry, type WatchBatch } from '../../../lib/registry/registry.js';
import { type DnsServer, startDns } from '../../harness/dns.js';
import { until } from '../../harness/wait.js';

const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
const { signal } = new AbortController();

const a = (name: string, data: string, ttl = 60): Answer => ({ type: 'A', name, data, ttl });
const srv = (name: string, target: string, port: number, priority = 0, weight = 1): Answer => ({
  type: 'SRV',
  name,
  ttl: 60,
  data: { target, port, priority, weight },
});

describeRegistryContract({
  name: 'dns',
  capabilities: { write: false, keys: false },
  content: { service: 'web', instances: 2 },
  open: async () => {
    const server = await startDns();
    const name = '_web._tcp.example.org';
    server.zone.set(name, [srv(name, 'a.example.org', 80), srv(name, 'b.example.org', 81)]);
    server.zone.set('a.example.org', [a('a.example.org', '10.0.0.1')]);
    server.zone.set('b.example.org', [a('b.example.org', '10.0.0.2')]);
    const source = dns({ domain: 'example.org', servers: [server.address], interval: 1 });
    return { connect: () => source.open(deps), close: async () => await server.stop() };
  },
});

describe('dns', () => {
  let server: DnsServer;
  let registry: Registry;
  beforeEach(async () => {
    server = await startDns();
    registry = await dnsFromUrl(`dns:example.org?server=${server.address}&port=8080&interval=1`).open(deps);
  });
  afterEach(async () => {
    await registry.close();
    await server.stop();
  });

  const list = async (service: string): Promise<Instance[]> =>
    (await registry.list({ kind: 'service', service }, signal)).entries.flatMap(({ record }) =>
      record.kind === 'instance' ? [record.instance] : [],
    );

  it('lists the addresses of the SRV targets with the lowest priority, with their weights', async () => {
    const name = '_web._tcp.example.org';
    server.zone.set(name, [
      srv(name, 'a.example.org', 80, 10, 3),
      srv(name, 'b.example.org', 81, 10, 0),
      srv(name, 'spare.example.org', 80, 20),
    ]);
    server.zone.set('a.example.org', [
      a('a.example.org', '10.0.0.1'),
      { type: 'AAAA', name: 'a.example.org', data: '2001:db8::1', ttl: 60 },
    ]);
    server.zone.set('b.example.org', [a('b.example.org', '10.0.0.2')]);
    await expect(list('web')).resolves.toMatchObject([
      { id: '10.0.0.1:80', address: '10.0.0.1', port: 80, weight: 3, meta: { target: 'a.example.org' } },
      { id: '10.0.0.2:81', weight: 1 },
      { id: '[2001:db8::1]:80', address: '2001:db8::1', weight: 3 },
    ]);
  });

  it('accepts SRV records at the plain name, as Consul provides them', async () => {
    server.zone.set('web.example.org', [srv('web.example.org', 'a.example.org', 80)]);
    server.zone.set('a.example.org', [a('a.example.org', '10.0.0.1')]);
    await expect(list('web')).resolves.toMatchObject([{ id: '10.0.0.1:80' }]);
  });

  it('lists addresses with the configured port when there are no SRV records', async () => {
    server.zone.set('web.example.org', [a('web.example.org', '10.0.0.2'), a('web.example.org', '10.0.0.1')]);
    await expect(list('web')).resolves.toMatchObject([{ id: '10.0.0.1:8080' }, { id: '10.0.0.2:8080' }]);
  });

  const twelve = (name: string): Answer[] => Array.from({ length: 12 }, (_, n) => a(name, `10.0.0.${n + 1}`));

  it('lists all instances of a name server that omits some over UDP', async () => {
    const cutting = await startDns(server.zone, { udpLimit: 3 });
    const open = await dnsFromUrl(`dns:example.org?server=${cutting.address}&port=80`).open(deps);
    server.zone.set('web.example.org', twelve('web.example.org'));
    server.zone.set(
      '_api._tcp.example.org',
      Array.from({ length: 12 }, (_, n) => srv('_api._tcp.example.org', 'a.example.org', n + 1)),
    );
    server.zone.set('a.example.org', [a('a.example.org', '10.0.0.1')]);
    for (const service of ['web', 'api'])
      expect((await open.list({ kind: 'service', service }, signal)).entries).toHaveLength(12);
    await open.close();
    await cutting.stop();
  });

  it('falls back to UDP when TCP fails, and warns once that instances may be missing', async () => {
    const old = await startDns(server.zone, { tcp: false, udpLimit: 3 });
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const open = await dnsFromUrl(`dns:example.org?server=${old.address}&port=80`).open({ ...deps, logger });
    server.zone.set('web.example.org', twelve('web.example.org'));
    for (let n = 0; n < 2; n++)
      expect((await open.list({ kind: 'service', service: 'web' }, signal)).entries).toHaveLength(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /responds over UDP but not over TCP \(.*ECONNREFUSED.*Consul returns 3 random ones/,
    );
    await open.close();
    await old.stop();
  });

  it('returns an empty list only when the name server reports no records', async () => {
    await expect(list('web')).resolves.toEqual([]);
    server.zone.set('_web._tcp.example.org', []);
    await expect(list('web')).resolves.toEqual([]);
    for (const failure of ['servfail', 'refused'] as const) {
      server.zone.set('_web._tcp.example.org', failure);
      await expect(list('web')).rejects.toThrow(RegistryUnavailableError);
    }
    await expect(list('web')).rejects.toThrow(server.address);
  });

  it('fails on a silent name server before the sign of life of a watch is due', async () => {
    server.zone.set('_web._tcp.example.org', 'silent');
    const start = systemClock.now();
    await expect(list('web')).rejects.toThrow(RegistryUnavailableError);
    expect(systemClock.now() - start).toBeLessThan(50_000);
  });

  it('fails as a whole when one target cannot be resolved', async () => {
    const name = '_web._tcp.example.org';
    server.zone.set(name, [srv(name, 'a.example.org', 80), srv(name, 'b.example.org', 80)]);
    server.zone.set('a.example.org', [a('a.example.org', '10.0.0.1')]);
    server.zone.set('b.example.org', 'servfail');
    await expect(list('web')).rejects.toThrow(RegistryUnavailableError);
    server.zone.delete('b.example.org');
    await expect(list('web')).resolves.toHaveLength(1);
  });

  it('delivers changes, and throws instead of delivering an empty list when the name server fails', async () => {
    server.zone.set('web.example.org', [a('web.example.org', '10.0.0.1', 1)]);
    const { cursor } = await registry.list({ kind: 'service', service: 'web' }, signal);
    const batches: WatchBatch[] = [];
    let failure: unknown;
    const watching = (async () => {
      for await (const batch of registry.watch({ kind: 'service', service: 'web' }, cursor, signal))
        batches.push(batch);
    })().catch((error: unknown) => (failure = error));
    server.zone.set('web.example.org', [a('web.example.org', '10.0.0.2', 1)]);
    await until('the change', () =>
      batches.some(
        (batch) => batch.kind === 'listing' && batch.listing.entries[0]?.version.includes('10.0.0.2'),
      ),
    );
    server.zone.set('web.example.org', 'servfail');
    await until('the watch to fail', () => failure);
    await watching;
    expect(failure).toBeInstanceOf(RegistryUnavailableError);
    expect(batches.some((batch) => batch.kind === 'listing' && batch.listing.entries.length === 0)).toBe(
      false,
    );
  });

  it('treats an invalid DNS packet as a failure, never as an empty list', async () => {
    const header = (answers: number): number[] => [
      0x84,
      0x00,
      0,
      1,
      answers >> 8,
      answers & 0xff,
      0,
      0,
      0,
      0,
    ];
    const question = (name: string): Buffer =>
      Buffer.concat([
        ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
        Buffer.from([0, 0, 33, 0, 1]),
      ]);
    const pointer = (to: number): number[] => [0xc0 | (to >> 8), to & 0xff];
    const record = [0, 33, 0, 1, 0, 0, 0, 60];
    const rubbish: Readonly<Record<string, (name: string) => readonly (Buffer | number[])[]>> = {
      cut: (name) => [header(1), question(name), pointer(12), record, [0, 8, 0, 0]],
      missing: (name) => [header(65_535), question(name)],
      looping: (name) => [header(1), question(name), pointer(12 + question(name).length), record, [0, 0]],
      forward: (name) => [header(1), question(name), pointer(0x3fff), record, [0, 0]],
      longer: (name) => [header(1), question(name), pointer(12), record, [0xff, 0xff, 0, 0, 0, 0, 0, 80, 0]],
      random: () => [header(1), Array.from({ length: 200 }, (_, n) => (n * 89 + 17) & 0xff)],
    };
    for (const [service, parts] of Object.entries(rubbish)) {
      const name = `_${service}._tcp.example.org`;
      server.zone.set(name, Buffer.concat(parts(name).map((part) => Buffer.from(part))));
    }
    const outcomes = await Promise.allSettled(Object.keys(rubbish).map(list));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: expect.any(RegistryUnavailableError) as unknown,
      });
  });

  it('rejects names that are not valid in the DNS', async () => {
    for (const service of ['a b', 'x'.repeat(64), 'a..b', 'web/../x', 'ü'])
      await expect(list(service)).rejects.toThrow(RegistryRefusedError);
    await expect(list('')).rejects.toThrow(InvalidOptionError);
    expect(server.questions).toBe(0);
  });

  it.each([
    'dns:?port=0',
    'dns:?port=80&port=81',
    'dns:?interval=0',
    'dns:?server=ns.example.org',
    'dns:?nothing=1',
    'dns:-bad-',
    'dns:example.org#x',
    'dns://host/example.org',
    'dns:?protocol=sctp',
  ])('refuses %s in one sentence', (url) => {
    expect(() => dnsFromUrl(url)).toThrow(InvalidOptionError);
    expect(() => dnsFromUrl(url)).toThrow(/^Expected .*, got .*\.$/);
  });
});
