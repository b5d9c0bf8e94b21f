import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { until } from '../../harness/wait.js';
import { ids, instance, never, open, service } from './support.js';

interface HealthRow {
  readonly Service: { readonly ID: string; readonly Weights: { readonly Passing: number } };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string; readonly Type: string }[];
}

let agent: ConsulAgent;
let registry: Registry;
const sessions: Session[] = [];

async function session(ttl = 30): Promise<Session> {
  const opened = await registry.openSession({ ttl }, never());
  sessions.push(opened);
  return opened;
}

async function rows(name: string): Promise<HealthRow[]> {
  return await agent.json<HealthRow[]>(`/v1/health/service/${name}`);
}

async function register(body: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await agent.request('/v1/agent/service/register', { method: 'PUT', body });
  expect(answer.status).toBe(200);
}

beforeAll(async () => {
  agent = await startConsul();
  registry = await open(agent);
});
afterEach(async () => {
  for (const opened of sessions.splice(0)) await opened.end(never());
});
afterAll(async () => {
  await registry.close();
  await agent.stop();
});

describe('Instances in Consul', () => {
  it('are in the catalogue with a passing TTL check `service:<id>`', async () => {
    await (await session()).write(instance({ service: 'shop', id: 'shop-1', weight: 7 }), undefined, never());
    const [row] = await rows('shop');
    expect(row?.Service).toMatchObject({ ID: 'shop-1', Weights: { Passing: 7 } });
    expect(row?.Checks.find(({ CheckID }) => CheckID === 'service:shop-1')).toMatchObject({
      Status: 'passing',
      Type: 'ttl',
    });
  });

  it('expire when they are not renewed, and return with the next renewal', async () => {
    // Seconds that the returned instance is there to be seen.
    const ttl = 4;
    const held = await session(ttl);
    const record = instance({ service: 'mortal', id: 'mortal-1' });
    await held.write(record, undefined, never());
    expect(held.ttl).toBe(ttl);
    await until('the instance to expire', async () => (await ids(registry, 'mortal')).length === 0);
    const entryKey = { kind: 'instance', service: 'mortal', id: 'mortal-1' } as const;
    expect((await registry.list(entryKey, never())).entries).toEqual([]);
    expect((await held.renew(never())).missing).toEqual([]);
    await until('the instance to be back', async () => (await ids(registry, 'mortal')).length === 1);
  });

  it('that the agent has lost are reported by the next renewal, and registered again', async () => {
    const lossy = await startConsul();
    const connection = await open(lossy);
    try {
      const held = await connection.openSession({ ttl: 10 }, never());
      const records = [instance({ id: 'web-1' }), instance({ id: 'web-2' })];
      for (const record of records) await held.write(record, undefined, never());
      await lossy.kill();
      await lossy.restart();
      const { missing } = await until('a renewal', async () => await held.renew(never()));
      expect(missing.map((entryKey) => entryKey.kind === 'instance' && entryKey.id).sort()).toEqual([
        'web-1',
        'web-2',
      ]);
      for (const record of records)
        expect(await held.write(record, undefined, never())).toMatchObject({ ok: true });
      expect(await ids(connection, 'web')).toEqual(['web-1', 'web-2']);
      await held.end(never());
      expect(await lossy.json('/v1/agent/services')).toEqual({});
    } finally {
      await connection.close();
      await lossy.stop();
    }
  });

  it('of two services may have the same id', async () => {
    const held = await session();
    for (const name of ['alpha', 'beta'])
      await held.write(instance({ service: name, id: 'same' }), undefined, never());
    expect(await ids(registry, 'alpha')).toEqual(['same']);
    expect(await ids(registry, 'beta')).toEqual(['same']);
    expect((await held.renew(never())).missing).toEqual([]);
  });

  it('belong to the last writer: the previous owner neither renews nor removes them', async () => {
    const [one, two] = [await session(8), await session(8)];
    const record = instance({ service: 'contested', id: 'contested-1' });
    const entryKey = { kind: 'instance', service: 'contested', id: 'contested-1' } as const;
    const first = await one.write(record, undefined, never());
    if (!first.ok) throw new Error('The entry key was taken.');
    expect(await two.write(record, first.version, never())).toMatchObject({ ok: true });
    expect((await registry.list(entryKey, never())).entries[0]?.owner).toBe(two.id);
    expect((await one.renew(never())).missing).toEqual([entryKey]);
    await one.remove(entryKey, never());
    await one.end(never());
    expect((await registry.list(entryKey, never())).entries[0]?.owner).toBe(two.id);
    // The newer owner does not renew, so its entry expires.
    await until('it to expire', async () => (await ids(registry, 'contested')).length === 0);
  });

  it('that arrive after their removal are deregistered by the next renewal', async () => {
    const held = await session();
    const record = instance({ service: 'ghost', id: 'ghost-1' });
    await held.write(record, undefined, never());
    const [registered] = Object.values(
      await agent.json<Record<string, Record<string, unknown>>>(
        '/v1/agent/services?filter=' + encodeURIComponent('Service == "ghost"'),
      ),
    );
    await held.remove({ kind: 'instance', service: 'ghost', id: 'ghost-1' }, never());
    await register({ ID: 'ghost-1', Name: 'ghost', Meta: registered?.Meta, Address: '10.0.0.1', Port: 80 });
    await until('the ghost to show', async () => (await ids(registry, 'ghost')).length === 1);
    await held.renew(never());
    await until('the ghost to be gone', async () => (await ids(registry, 'ghost')).length === 0);
  });

  it('of other clients are read with the address of their node, their weight, tags and named ports', async () => {
    await register({
      ID: 'nomad-7',
      Name: 'foreign',
      Port: 9000,
      Tags: ['v1'],
      Meta: { team: 'x' },
      Weights: { Passing: 3, Warning: 1 },
      TaggedAddresses: { grpc: { Address: '10.9.9.9', Port: 50051 } },
    });
    await until('it to show', async () => (await ids(registry, 'foreign')).length === 1);
    const { entries } = await registry.list(service('foreign'), never());
    expect(entries[0]).toMatchObject({
      owner: undefined,
      record: {
        instance: {
          id: 'nomad-7',
          address: '127.0.0.1',
          port: 9000,
          tags: ['v1'],
          meta: { team: 'x' },
          weight: 3,
          ports: { grpc: 50051 },
        },
      },
    });
  });

  it('of other clients without a port are reported as malformed, and the rest is served', async () => {
    await register({ ID: 'portless', Name: 'mixed' });
    await (await session()).write(instance({ service: 'mixed', id: 'mixed-1' }), undefined, never());
    const listing = await until('both to show', async () => {
      const found = await registry.list(service('mixed'), never());
      return found.malformed.length === 1 && found;
    });
    expect(listing.entries).toHaveLength(1);
    expect(listing.malformed[0]?.reason).toContain('port');
  });

  it('in maintenance are not listed, but occupy their entry keys', async () => {
    const held = await session();
    await held.write(instance({ service: 'resting', id: 'resting-1' }), undefined, never());
    await agent.request('/v1/agent/service/maintenance/resting-1?enable=true', { method: 'PUT' });
    await until('it to leave the list', async () => (await ids(registry, 'resting')).length === 0);
    const entryKey = { kind: 'instance', service: 'resting', id: 'resting-1' } as const;
    expect((await registry.list(entryKey, never())).entries[0]?.owner).toBe(held.id);
    expect((await held.renew(never())).missing).toEqual([]);
  });

  it('with another initial status are listed from their first renewal on', async () => {
    const careful = await open(agent, { initialStatus: 'critical' });
    try {
      const held = await careful.openSession({ ttl: 10 }, never());
      await held.write(instance({ service: 'careful', id: 'careful-1' }), undefined, never());
      expect(await ids(careful, 'careful')).toEqual([]);
      await held.renew(never());
      await until('it to be listed', async () => (await ids(careful, 'careful')).length === 1);
      await held.end(never());
    } finally {
      await careful.close();
    }
  });

  it('survive renewals that run while they are written', async () => {
    const held = await session();
    const written = new AbortController();
    const renewals = (async () => {
      while (!written.signal.aborted) expect((await held.renew(never())).missing).toEqual([]);
    })();
    const records = Array.from({ length: 40 }, (_, n) => instance({ service: 'busy', id: `busy-${n}` }));
    await Promise.all(records.map((record) => held.write(record, undefined, never())));
    written.abort();
    await renewals;
    expect((await held.renew(never())).missing).toEqual([]);
    expect(await ids(registry, 'busy')).toHaveLength(40);
  });

  it('need no Consul session', async () => {
    const before = (await agent.json<unknown[]>('/v1/session/list')).length;
    await (await session()).write(instance({ service: 'light', id: 'light-1' }), undefined, never());
    expect(await agent.json<unknown[]>('/v1/session/list')).toHaveLength(before);
  });
});
