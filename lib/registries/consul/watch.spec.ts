import { answer, ScriptedConsul } from '../../../test/harness/in-memory/consul.js';
import { RegistryRefusedError, RegistryUnavailableError } from '../../common/errors/index.js';
import { type WatchBatch } from '../../registry/registry.js';
import { ConsulRegistry } from './consul-registry.js';
import { type RawResponse } from './transport.js';

/** A response with instances on `ports`. */
function instances(index: number | undefined, ...ports: number[]): RawResponse {
  const body = ports.map((port) => ({
    Node: { Node: 'n1', Address: '10.0.0.1' },
    Service: { ID: `web-${port}`, Service: 'web', Port: port, ModifyIndex: port },
    Checks: [],
  }));
  return answer(body, index === undefined ? {} : { 'x-consul-index': String(index) });
}

/** A registry whose responses a test provides. */
class Script extends ScriptedConsul {
  readonly registry = new ConsulRegistry(this.client, this.clock);

  /** Watches the service `web`. */
  follow(cursor = ''): { batches: WatchBatch[]; done: Promise<unknown>; stop: () => void } {
    const controller = new AbortController();
    const batches: WatchBatch[] = [];
    const done = (async () => {
      for await (const batch of this.registry.watch(
        { kind: 'service', service: 'web' },
        cursor,
        controller.signal,
      ))
        batches.push(batch);
      return 'ended';
    })().catch((error: unknown) => error);
    return { batches, done, stop: () => controller.abort() };
  }
}

const counts = (batches: readonly WatchBatch[]): (number | string)[] =>
  batches.map((batch) => (batch.kind === 'listing' ? batch.listing.entries.length : batch.kind));

const never = new AbortController().signal;

describe('ConsulRegistry.watch', () => {
  it('reads the current content, then waits for changes, and delivers signs of life', async () => {
    const script: Script = new Script((request) => script.blocked(request, instances(7, 80)));
    const { batches, done, stop } = script.follow();
    await script.clock.advance(10_000);
    expect(counts(batches)).toEqual([1, 'changes', 'changes', 'changes']);
    expect(script.requests[0]?.query).not.toHaveProperty('index');
    expect(script.requests[1]?.query).toMatchObject({ index: '7', wait: '3s' });
    stop();
    expect(await done).toBe('ended');
    await script.clock.advance(5_000);
    expect(script.clock.pending).toBe(0);
  });

  it('distinguishes failing instances from deregistered ones, unless Consul has lost its data', async () => {
    const check = (CheckID: string) => [{ CheckID, Status: 'critical', Output: '', ServiceID: 'web-80' }];
    const failing = (index: number, CheckID: string): RawResponse =>
      answer(
        [
          {
            Node: { Node: 'n1', Address: '10.0.0.1' },
            Service: { ID: 'web-80', Service: 'web', Port: 80, ModifyIndex: 1 },
            Checks: check(CheckID),
          },
        ],
        { 'x-consul-index': String(index) },
      );
    const script: Script = new Script(() => instances(7, 80));
    const expired = async (reply: RawResponse): Promise<unknown> => {
      script.reply = ({ path }) =>
        path.startsWith('/health') ? reply : answer('ACL support disabled', {}, 401);
      const listed = script.registry.list({ kind: 'service', service: 'web' }, never);
      await script.clock.advance(0);
      return (await listed).expired;
    };
    const entryKey = (id: string) => ({ kind: 'instance', service: 'web', id });
    expect(await expired(instances(7, 80))).toEqual([]);
    expect(await expired(failing(8, 'service:web-80'))).toEqual([entryKey('web-80'), entryKey('web-80@n1')]);
    expect(await expired(failing(9, 'serfHealth'))).toHaveLength(2);
    expect(await expired(failing(10, '_service_maintenance:web-80'))).toEqual([]);
    expect(await expired(failing(11, '_node_maintenance'))).toEqual([]);
    expect(await expired(instances(12))).toEqual([]);
    expect(await expired(instances(3))).toBeUndefined();
    await script.clock.advance(10_000);
    expect(await expired(instances(4))).toEqual([]);
  });

  it('delivers no listing to a reader that has the same content already', async () => {
    const script: Script = new Script((request) => script.blocked(request, instances(7, 80)));
    const listed = script.registry.list({ kind: 'service', service: 'web' }, never);
    await script.clock.advance(10);
    const { cursor } = await listed;
    const { batches, stop } = script.follow(cursor);
    await script.clock.advance(100);
    expect(counts(batches)).toEqual(['changes']);
    stop();
    await script.clock.advance(5_000);
  });

  it.each([
    ['goes back at each answer', (n: number) => instances(1_000 - n, 80 + (n % 2))],
    ['is 0', (n: number) => instances(0, 80 + (n % 2))],
    ['is missing', (n: number) => instances(undefined, 80 + (n % 2))],
    ['stays the same without a wait', () => instances(7, 80)],
  ])('sends at most one request a second when the index %s', async (_, next) => {
    const script: Script = new Script(() => next(script.requests.length));
    const { batches, stop } = script.follow();
    await script.clock.advance(60_000);
    expect(script.requests.length).toBeGreaterThan(15);
    expect(script.requests.length).toBeLessThanOrEqual(62);
    expect(batches.length).toBe(script.requests.length);
    stop();
    await script.clock.advance(1_000);
  });

  it('starts over without an index when the index goes back', async () => {
    let index = 500;
    const script: Script = new Script((request) =>
      request.query?.index === '500'
        ? instances((index = 3), 81)
        : script.blocked(request, instances(index, 80)),
    );
    const { batches, stop } = script.follow();
    await script.clock.advance(3_500);
    expect(counts(batches)).toEqual([1, 1, 1, ...batches.slice(3).map(({ kind }) => kind)]);
    expect(script.requests.map(({ query }) => query?.index)).toEqual([undefined, '500', undefined, '3']);
    stop();
    await script.clock.advance(5_000);
  });

  it('reads a continuously changing scope ten times a second', async () => {
    let index = 1;
    const script: Script = new Script(() => instances((index += 1), index));
    const { batches, stop } = script.follow();
    await script.clock.advance(10_000);
    expect(batches.length).toBeGreaterThan(90);
    expect(batches.length).toBeLessThanOrEqual(108);
    stop();
    await script.clock.advance(1_000);
  });

  it('fails within five seconds when the server does not respond', async () => {
    const script: Script = new Script((request) =>
      request.query?.index === undefined ? instances(7, 80) : new Promise(() => undefined),
    );
    const { batches, done } = script.follow();
    await script.clock.advance(5_000);
    expect(await done).toBeInstanceOf(RegistryUnavailableError);
    expect(counts(batches)).toEqual([1]);
    expect(script.clock.pending).toBe(0);
  });

  it('never treats an invalid response as an empty list', async () => {
    const odd: RawResponse[] = [
      answer('<html>welcome</html>', { 'content-type': 'text/html', 'x-consul-index': '9' }),
      answer({ ok: true }, { 'x-consul-index': '9' }),
      answer('"text"', { 'x-consul-index': '9' }),
      answer('', { 'x-consul-index': '9' }),
      answer('No cluster leader', {}, 500),
      answer('Too many', {}, 429),
      answer('', { location: '/elsewhere' }, 301),
      { ...instances(9), headers: { 'x-consul-index': '9', 'x-consul-knownleader': 'false' } },
    ];
    for (const wrong of odd) {
      const script: Script = new Script(() => wrong);
      const { batches, done } = script.follow();
      await script.clock.advance(100);
      expect(await done).toBeInstanceOf(RegistryUnavailableError);
      expect(batches).toEqual([]);
      await expect(script.registry.list({ kind: 'service', service: 'web' }, never)).rejects.toThrow(
        RegistryUnavailableError,
      );
    }
  });

  it('accepts an empty list when ACLs are disabled or the token may read', async () => {
    const rights = [answer('ACL support disabled', {}, 401), answer([{ Allow: true }, { Allow: true }])];
    for (const right of rights) {
      const script: Script = new Script(({ path }) => (path.startsWith('/internal') ? right : instances(7)));
      const listing = await script.registry.list({ kind: 'service', service: 'web' }, never);
      expect(listing.entries).toEqual([]);
    }
  });

  it('reads the nodes when Consul cannot report the rights of the token', async () => {
    for (const nodes of [[], [{ Node: 'n1' }]]) {
      const script: Script = new Script(({ path }) => {
        if (path.startsWith('/internal')) return answer('no such page', {}, 404);
        return path === '/catalog/nodes' ? answer(nodes) : instances(7);
      });
      const listed = script.registry.list({ kind: 'service', service: 'web' }, never);
      if (nodes.length === 0) await expect(listed).rejects.toThrow(RegistryRefusedError);
      else expect((await listed).entries).toEqual([]);
    }
  });

  it('rejects an empty list that Consul reports as filtered by ACLs', async () => {
    const script: Script = new Script(() => ({
      ...instances(7),
      headers: { 'x-consul-index': '7', 'x-consul-results-filtered-by-acls': 'true' },
    }));
    await expect(script.registry.list({ kind: 'service', service: 'web' }, never)).rejects.toThrow(
      RegistryRefusedError,
    );
  });

  it('masks the token in the message of a response', async () => {
    const script: Script = new Script(() => answer('you sent secret-canary', {}, 403));
    const listed = script.registry.list({ kind: 'service', service: 'web' }, never);
    await expect(listed).rejects.toThrow('you sent ***');
  });

  it('lets the query of an ended watch finish by itself', async () => {
    const signals: AbortSignal[] = [];
    const script: Script = new Script((request, signal) => {
      signals.push(signal);
      return script.blocked(request, instances(7, 80));
    });
    const { done, stop } = script.follow();
    await script.clock.advance(1_000);
    stop();
    expect(await done).toBe('ended');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    await script.clock.advance(3_000);
    expect(signals).toHaveLength(2);
    expect(script.clock.pending).toBe(0);
  });

  it('aborts the query of an ended watch when the registry is closed', async () => {
    const signals: AbortSignal[] = [];
    const script: Script = new Script((request, signal) => {
      signals.push(signal);
      return request.query?.index === undefined ? instances(7, 80) : new Promise(() => undefined);
    });
    const { done, stop } = script.follow();
    await script.clock.advance(100);
    stop();
    await done;
    await script.registry.close();
    expect(signals[1]?.aborted).toBe(true);
    expect(script.clock.pending).toBe(0);
  });

  it('starts each of many watches at once, and shortens their waits so that all get a turn', async () => {
    const waits: number[] = [];
    let running = 0;
    let most = 0;
    const script: Script = new Script(async (request) => {
      const { wait } = request.query ?? {};
      if (wait === undefined) return instances(7, 80);
      waits.push(Number.parseFloat(wait));
      most = Math.max(most, (running += 1));
      const answered = await script.blocked(request, instances(7, 80));
      running -= 1;
      return answered;
    });
    const watches = Array.from({ length: 400 }, () => script.follow());
    await script.clock.advance(10);
    expect(watches.map(({ batches }) => batches.length)).toEqual(watches.map(() => 1));
    await script.clock.advance(20_000);
    const heard = watches.map(({ batches }) => batches.length);
    await script.clock.advance(5_000);
    expect(watches.every(({ batches }, i) => batches.length > heard[i]!)).toBe(true);
    expect(most).toBe(96);
    expect(Math.min(...waits)).toBeLessThan(0.8);
    for (const { stop } of watches) stop();
    await script.clock.advance(5_000);
    expect(script.clock.pending).toBe(0);
  });

  it('aborts requests in flight when the registry is closed', async () => {
    const script: Script = new Script(() => new Promise(() => undefined));
    const { done } = script.follow();
    const listed = script.registry.list({ kind: 'service', service: 'web' }, never);
    await script.clock.advance(10);
    await script.registry.close();
    await script.registry.close();
    await expect(listed).rejects.toThrow('has been closed');
    expect(await done).toBe('ended');
    expect(script.clock.pending).toBe(0);
  });
});
