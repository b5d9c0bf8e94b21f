import {
  DiscoveryService,
  PilotedModule,
  RegistryRefusedError,
  Sidekick,
  SidekickModule,
} from '../../../lib/index.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { until } from '../../harness/wait.js';
import { documented } from './documented.js';
import { boot, complaints, failure, recording, type Recording, unreadable } from './support.js';

const SERVICE = { name: 'web', id: 'one', address: '10.0.0.1', port: 80 };
const KEY = 'servers/web';
const ANNOUNCES = documented('hcl', 'announces');
const DISCOVERS = documented('hcl', 'discovers');

describe('The least rights of docs/registries.md for Consul', () => {
  let agent: ConsulAgent;
  let logger: Recording;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    agent = await startConsul({ acl: true });
  });
  beforeEach(() => {
    logger = recording();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(() => agent.stop());

  async function url(rules: readonly string[]): Promise<string> {
    return `consul://127.0.0.1:${agent.port}?token=${await agent.createToken(rules.join('\n'))}`;
  }

  async function announcer(rules: readonly string[], options: object = {}): Promise<Sidekick> {
    const app = await boot(
      SidekickModule.forRoot({ registry: await url(rules), ttl: 10, logger, ...options }),
    );
    closing.push(() => app.close());
    return app.get(Sidekick);
  }

  async function discoverer(registry: string): Promise<DiscoveryService> {
    const app = await boot(
      PilotedModule.forRoot({ registry, services: ['web'], boot: 'fail', bootTimeout: 60, logger }),
    );
    closing.push(() => app.close());
    return app.get(DiscoveryService);
  }

  it('are enough to announce, keep, change, withdraw, follow and list', async () => {
    const discovery = await discoverer(await url(DISCOVERS));
    const sidekick = await announcer(ANNOUNCES, { key: KEY, value: 'first' });
    const service = await sidekick.announce(SERVICE);
    await until('the instance', () => discovery.endpoints('web').length === 1);
    await sidekick.value('second');
    await service.update({ tags: ['blue'] });
    await until('the tag', () => discovery.pick('web').tags.includes('blue'));
    await service.pause();
    await until('no instance', () => discovery.endpoints('web').length === 0);
    service.resume();
    await until('the instance again', () => discovery.endpoints('web').length === 1);
    await sidekick.stop();
    await until('no instance in the end', () => discovery.endpoints('web').length === 0);
    expect((await agent.request(`/v1/kv/${KEY}`)).status).toBe(404);
    expect(complaints(logger)).toEqual([]);
  });

  const without = (rules: readonly string[], part: string): string[] => {
    const rest = rules.filter((rule) => !rule.startsWith(part));
    expect(rest).toHaveLength(rules.length - 1);
    return rest;
  };

  it.each([
    ['service "web"', { announce: true }, /lacks `service:read` on "web"/],
    // Without this right Consul returns an empty list, as if nothing were registered.
    ['node_prefix ""', { announce: true }, /lacks .*`node:read`/],
    ['session_prefix', { key: KEY }, /session_prefix "" \{ policy = "write" \}/],
    [
      'key "servers/web"',
      { key: KEY },
      /key "servers\/web" \{ policy = "read" \}|key … \{ policy = "write" \}/,
    ],
  ] as const)('are all needed to announce and to keep: %s', async (part, what, sentence) => {
    const rules = without(ANNOUNCES, part);
    const error =
      'key' in what
        ? await failure(announcer(rules, what))
        : await failure((await announcer(rules)).announce(SERVICE));
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect(error.message).toMatch(sentence);
  });

  it.each(['service "web"', 'node_prefix ""'])(
    'are all needed to discover, where Consul itself would answer with an empty list: %s',
    async (part) => {
      const error = await unreadable(await url(without(DISCOVERS, part)));
      expect(error).toBeInstanceOf(RegistryRefusedError);
      expect(error.message).toMatch(
        part.startsWith('service') ? /lacks `service:read` on "web"/ : /lacks .*`node:read`/,
      );
    },
  );

  it('that are missing altogether never empty a list: without a token, and with one that ends at run time', async () => {
    const announced = await announcer(ANNOUNCES);
    await announced.announce(SERVICE);
    // Consul answers a request without a token with 200 and an empty list.
    const plain = await fetch(`${agent.url}/v1/health/service/web?passing`);
    expect([plain.status, await plain.json()]).toEqual([200, []]);
    const none = await unreadable(`consul://127.0.0.1:${agent.port}`);
    expect(none).toBeInstanceOf(RegistryRefusedError);
    expect(none.message).toContain('its list is empty, yet the token lacks `service:read` on "web"');

    const registry = await url(DISCOVERS);
    const discovery = await discoverer(registry);
    const handle = discovery.of('web');
    await until('the instance', () => handle.endpoints.length === 1);
    const sizes: number[] = [];
    handle.changes.subscribe(({ endpoints }) => sizes.push(endpoints.length));
    const secret = new URL(registry).searchParams.get('token')!;
    const { AccessorID } = await agent.json<{ AccessorID: string }>('/v1/acl/token/self', {
      headers: { 'x-consul-token': secret },
    });
    await agent.json(`/v1/acl/token/${AccessorID}`, { method: 'DELETE' });
    await until('the list to be stale', () => handle.stale);
    expect(await failure(discovery.refresh())).toBeInstanceOf(RegistryRefusedError);
    expect(handle.endpoints).toHaveLength(1);
    expect(sizes).toEqual([]);
    expect(discovery.dump().services[0]).toMatchObject({ stale: true, error: expect.any(String) as string });
    expect(JSON.stringify(discovery.dump())).not.toContain(secret);
  });
});
