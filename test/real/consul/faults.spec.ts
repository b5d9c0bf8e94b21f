import { getActiveResourcesInfo } from 'node:process';
import { RegistryUnavailableError } from '../../../lib/common/errors/index.js';
import { SessionGoneError } from '../../../lib/registry/session-gone.error.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { HttpRelay } from '../../harness/http-relay.js';
import { freePorts } from '../../harness/ports.js';
import { TcpProxy } from '../../harness/proxy.js';
import { monotonic, until } from '../../harness/wait.js';
import { follow, ids, instance, never, open, service } from './support.js';

/** Seconds for an agent that does not answer: long enough for one that does, on a busy machine too. */
const TIMEOUT = 3;

function sockets(): number {
  return getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

async function withAgent(run: (agent: ConsulAgent) => Promise<void>): Promise<void> {
  const agent = await startConsul();
  try {
    await run(agent);
  } finally {
    await agent.stop();
  }
}

describe('ConsulRegistry under faults', () => {
  it('reports a session as gone only after a consistent read: a newly elected server may not know it yet', async () => {
    await withAgent(async (agent) => {
      const relay = await HttpRelay.to(agent);
      try {
        const registry = await open({ host: agent.host, port: relay.port } as ConsulAgent);
        const session = await registry.openSession({ ttl: 10 }, never());
        const key = { kind: 'key', key: 'k', value: 'v' } as const;
        expect(await session.write(key, undefined, never())).toMatchObject({ ok: true });
        relay.intercept(({ url = '' }) =>
          url.startsWith('/v1/session/renew/') ? { status: 404, body: 'Session id not found' } : undefined,
        );
        await expect(session.renew(never())).rejects.toBeInstanceOf(RegistryUnavailableError);
        relay.pass();
        await session.renew(never());
        const [held] = await agent.json<{ ID: string }[]>('/v1/session/list');
        await agent.request(`/v1/session/destroy/${held!.ID}`, { method: 'PUT' });
        await expect(session.renew(never())).rejects.toBeInstanceOf(SessionGoneError);
        await registry.close();
      } finally {
        await relay.stop();
      }
    });
  });

  it('keeps an instance passing when its agent restarts before the first renewal', async () => {
    const agent = await startConsul({ persistent: true });
    try {
      const registry = await open(agent);
      const session = await registry.openSession({ ttl: 300 }, never());
      expect(await session.write(instance({}), undefined, never())).toMatchObject({ ok: true });
      await agent.kill();
      await agent.restart();
      await until('the agent to tell its server', async () => {
        const checks = await agent.json<Record<string, unknown>>('/v1/agent/checks');
        return Object.keys(checks).length === 1;
      });
      expect(await agent.passing('web')).toEqual(['web-1']);
      const checks = await agent.json<Record<string, { Status: string }>>('/v1/agent/checks');
      expect(Object.values(checks).map(({ Status }) => Status)).toEqual(['passing']);
      await session.end(never());
      await registry.close();
    } finally {
      await agent.stop();
    }
  });

  it('names the endpoint and the cause when nothing listens on the port', async () => {
    const [port] = await freePorts(1);
    const agent = { host: '127.0.0.1', port } as ConsulAgent;
    const registry = await open(agent);
    const error: unknown = await registry
      .openSession({ ttl: 10 }, never())
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegistryUnavailableError);
    const { message, failures } = error as RegistryUnavailableError;
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain('ECONNREFUSED');
    expect(failures).toHaveLength(1);
    await registry.close();
  });

  it('detects a hung agent: calls within their timeout, watches by its silence', async () => {
    await withAgent(async (agent) => {
      const registry = await open(agent, { timeout: TIMEOUT });
      const held = await registry.openSession({ ttl: 300 }, never());
      await held.write(instance({}), undefined, never());
      const watch = follow(registry, 'web');
      await until('the watch to begin', () => watch.batches.length > 0);
      await agent.pause();
      const start = monotonic();
      await expect(registry.list(service('web'), never())).rejects.toThrow(RegistryUnavailableError);
      await expect(held.renew(never())).rejects.toThrow('within 3000 ms');
      expect(await watch.failed).toBeInstanceOf(RegistryUnavailableError);
      expect(monotonic() - start).toBeLessThan(70_000);
      agent.resume();
      expect(await until('the list', async () => await ids(registry, 'web'))).toEqual(['web-1']);
      await held.end(never());
      await registry.close();
    });
  });

  it('reads the content of an agent that restarted empty at once, whatever the index was before', async () => {
    await withAgent(async (agent) => {
      const registry = await open(agent);
      const held = await registry.openSession({ ttl: 300 }, never());
      // Many changes, so that the old index is higher than the new agent's index.
      let version: string | undefined;
      for (let port = 1; port <= 30; port++) {
        const written = await held.write(instance({ port }), version, never());
        if (!written.ok) throw new Error('The write was refused.');
        ({ version } = written);
      }
      const { cursor } = await registry.list(service('web'), never());
      await agent.kill();
      await agent.restart();
      await held.renew(never());
      const watch = follow(registry, 'web', cursor);
      await until('the empty list', () => {
        const [first] = watch.batches;
        return first?.kind === 'listing' && first.listing.entries.length === 0;
      });
      const start = monotonic();
      await held.write(instance({ port: 31 }), undefined, never());
      await until('the new instance', () => {
        const last = watch.batches.at(-1);
        return last?.kind === 'listing' && last.listing.entries.length === 1;
      });
      expect(monotonic() - start).toBeLessThan(20_000);
      await watch.stop();
      await held.end(never());
      await registry.close();
    });
  });

  it('reports its session as gone when the agent restarts empty', async () => {
    await withAgent(async (agent) => {
      const registry = await open(agent);
      const held = await registry.openSession({ ttl: 10 }, never());
      await held.write({ kind: 'key', key: 'config/a', value: '1' }, undefined, never());
      expect(held.ttl).toBe(10);
      await agent.kill();
      await agent.restart();
      const gone = await until('the loss to be reported', async () =>
        held.renew(never()).then(
          () => undefined,
          (error: unknown) => error instanceof SessionGoneError && error,
        ),
      );
      expect(gone.message).toContain('no longer knows session');
      await expect(held.renew(never())).rejects.toThrow(SessionGoneError);
      const next = await registry.openSession({ ttl: 10 }, never());
      const written = await next.write({ kind: 'key', key: 'config/a', value: '1' }, undefined, never());
      expect(written.ok).toBe(true);
      await next.end(never());
      await registry.close();
    });
  });

  it('rejects when a response is cut off, and when it stalls', async () => {
    await withAgent(async (agent) => {
      const proxy = await TcpProxy.to(agent);
      const registry = await open(agent, { host: '127.0.0.1', port: proxy.port, timeout: TIMEOUT });
      expect(await ids(registry, 'consul')).not.toEqual([]);
      proxy.cutAfter(200, 'down');
      await expect(registry.list(service('consul'), never())).rejects.toThrow(RegistryUnavailableError);
      proxy.pass();
      expect(await ids(registry, 'consul')).not.toEqual([]);
      proxy.stall();
      await expect(registry.list(service('consul'), never())).rejects.toThrow(RegistryUnavailableError);
      proxy.pass();
      expect(await until('the list', async () => await ids(registry, 'consul'))).not.toEqual([]);
      await registry.close();
      await proxy.stop();
    });
  });

  it('watches more services than an agent admits connections, and leaves no socket', async () => {
    await withAgent(async (agent) => {
      const before = sockets();
      const registry = await open(agent);
      const held = await registry.openSession({ ttl: 300 }, never());
      const ending = new AbortController();
      /** The entries of each service. A watch whose request is late on a busy machine begins again, as in an application. */
      const counts = new Map<string, number>();
      const watching = Array.from({ length: 300 }, async (_, n) => {
        const name = `service-${n}`;
        while (!ending.signal.aborted)
          try {
            for await (const batch of registry.watch(service(name), '', ending.signal))
              if (batch.kind === 'listing') counts.set(name, batch.listing.entries.length);
          } catch (error) {
            if (!(error instanceof RegistryUnavailableError)) throw error;
          }
      });
      await until('all to begin', () => counts.size === watching.length);
      // Calls continue beside the watches.
      await held.write(instance({ service: 'service-299', id: 'late' }), undefined, never());
      await held.renew(never());
      await until('the news', () => counts.get('service-299') === 1);
      await held.end(never());
      ending.abort();
      await Promise.all(watching);
      await registry.close();
      await until('the sockets to be gone', () => sockets() <= before);
    });
  });
});
