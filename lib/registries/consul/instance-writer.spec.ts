import { answer, ScriptedConsul } from '../../../test/harness/in-memory/consul.js';
import { completeInstance } from '../../registry/instance.js';
import { InstanceWriter } from './instance-writer.js';

const never = new AbortController().signal;

/** An agent whose catalogue has each registration at once. */
class Agent extends ScriptedConsul {
  private readonly services = new Map<string, Record<string, unknown>>();
  readonly writer = new InstanceWriter(this.client, this.clock, 'owner', 60);
  /** Whether the list of services fails, so that a renewal does too. */
  broken = false;
  delayMs = 0;

  constructor() {
    super(async ({ path, query, body }) => {
      if (path === '/agent/service/register') {
        const service = body as Record<string, unknown>;
        this.services.set(String(service.ID), service);
        return answer('');
      }
      if (path.startsWith('/agent/check/pass/')) return answer('');
      if (path.startsWith('/agent/service/deregister/')) {
        this.services.delete(path.split('/').at(-1)!);
        return answer('');
      }
      if (path.startsWith('/agent/service/')) {
        const service = this.services.get(path.split('/').at(-1)!);
        return service ? answer(service) : answer('unknown service', {}, 404);
      }
      if (path.startsWith('/internal')) return answer('ACL support disabled', {}, 401);
      if (path === '/agent/services') {
        if (query?.filter?.startsWith('Meta') !== true) return answer({});
        await new Promise<void>((resolve) => void this.clock.after(this.delayMs, resolve));
        return this.broken
          ? answer('failed', { 'x-consul-index': '1' }, 500)
          : answer(Object.fromEntries(this.services));
      }
      const listed = [...this.services.values()].map((service) => ({
        Node: { Node: 'n1', Address: '10.0.0.1' },
        Service: { ...service, Service: service.Name, ModifyIndex: 1 },
        Checks: [],
      }));
      return answer(listed, { 'x-consul-index': '1' });
    });
  }

  get registered(): readonly string[] {
    return [...this.services.keys()];
  }

  write(id: string, signal = never): Promise<unknown> {
    const instance = completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80 });
    return this.writer
      .write({ kind: 'instance', instance }, undefined, signal)
      .catch((error: unknown) => error);
  }

  renew(): Promise<unknown> {
    return this.writer.renew(never).catch((error: unknown) => error);
  }
}

describe('InstanceWriter', () => {
  it('registers nothing while a renewal is in progress or overdue, and then at once', async () => {
    const agent = new Agent();
    const first = agent.write('a');
    await agent.clock.advance(100);
    expect(await first).toMatchObject({ ok: true });
    Object.assign(agent, { broken: true, delayMs: 1_000 });
    const failed = agent.renew();
    const second = agent.write('b');
    const aborting = new AbortController();
    const third = agent.write('c', aborting.signal);
    await agent.clock.advance(2_000);
    expect(await failed).toMatchObject({ message: expect.stringContaining('failed') as string });
    aborting.abort(new Error('given up'));
    expect(await third).toEqual(new Error('given up'));
    await agent.clock.advance(5_000);
    expect(agent.registered).toEqual(['a']);
    agent.broken = false;
    const renewed = agent.renew();
    await agent.clock.advance(1_000);
    expect(await renewed).toEqual([]);
    expect(agent.registered).toEqual(['a', 'b']);
    await agent.clock.advance(1_000);
    expect(await second).toMatchObject({ ok: true });
    expect(agent.clock.pending).toBe(0);
  });

  it('registers without a renewal that failed when there is nothing left to renew', async () => {
    const agent = new Agent();
    const first = agent.write('a');
    await agent.clock.advance(100);
    await first;
    agent.broken = true;
    const failed = agent.renew();
    await agent.clock.advance(100);
    await failed;
    const second = agent.write('b');
    await agent.clock.advance(1_000);
    expect(agent.registered).toEqual(['a']);
    const removed = agent.writer.remove({ kind: 'instance', service: 'web', id: 'a' }, never);
    await agent.clock.advance(1_000);
    await removed;
    expect(await second).toMatchObject({ ok: true });
    expect(agent.registered).toEqual(['b']);
    expect(agent.clock.pending).toBe(0);
  });
});
