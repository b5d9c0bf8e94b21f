import { RegistryRefusedError, RegistryUnavailableError } from '../../../lib/common/errors/index.js';
import { type Session } from '../../../lib/registry/registry.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { HttpRelay, type RelayAnswer } from '../../harness/http-relay.js';
import { follow, ids, instance, never, open, service } from './support.js';

const page = (text: string): string => `<html><head><title>${text}</title></head><body>${text}</body></html>`;

/** Answers of ingresses and proxies without a route, a permission or a backend. */
const IN_FRONT: readonly (readonly [string, RelayAnswer])[] = [
  ['404 with a page', { status: 404, body: page('404 Not Found') }],
  ['404 of a default backend', { status: 404, body: 'default backend - 404' }],
  ['404 of a Go router', { status: 404, body: '404 page not found\n' }],
  ['404 with JSON', { status: 404, body: '{"message":"no Route matched with those values"}' }],
  ['401 of a gateway', { status: 401, headers: { 'www-authenticate': 'Basic' }, body: '401 Unauthorized' }],
  ['403 with a page', { status: 403, body: page('403 Forbidden') }],
  ['403 of a mesh', { status: 403, body: 'RBAC: access denied' }],
  ['403 with JSON', { status: 403, body: '{"error":"permission denied"}' }],
  ['200 with a page', { status: 200, headers: { 'content-type': 'text/html' }, body: page('Sign in') }],
  ['302 to a page', { status: 302, headers: { location: 'https://login.example.org/' }, body: '' }],
  ['500 with words', { status: 500, body: 'unknown error' }],
];

const key = { kind: 'key', key: 'k', value: 'v' } as const;
const record = instance({});

describe('A response of something in front of Consul', () => {
  let agent: ConsulAgent;
  let relay: HttpRelay;
  beforeAll(async () => {
    agent = await startConsul();
    relay = await HttpRelay.to(agent);
  });
  afterAll(async () => {
    await relay.stop();
    await agent.stop();
  });

  afterEach(() => {
    relay.pass();
  });

  it.each(IN_FRONT)('%s is never treated as a response of Consul', async (_what, answer) => {
    const registry = await open({ host: agent.host, port: relay.port } as ConsulAgent);
    const session: Session = await registry.openSession({ ttl: 300 }, never());
    await session.write(key, undefined, never());
    const written = await session.write(record, undefined, never());
    expect(written).toMatchObject({ ok: true });
    const { cursor } = await registry.list({ kind: 'key', key: 'k' }, never());
    relay.intercept(() => answer);
    const attempts: Record<string, () => Promise<unknown>> = {
      'open a session': () => registry.openSession({ ttl: 300 }, never()),
      renew: () => session.renew(never()),
      'write a key': () => session.write({ ...key, value: 'w' }, '1', never()),
      'write a new key': () => session.write({ ...key, key: 'l' }, undefined, never()),
      'write an instance': () => session.write(record, written.ok ? written.version : '', never()),
      'remove a key': () => session.remove({ kind: 'key', key: 'k' }, never()),
      'list a key': () => registry.list({ kind: 'key', key: 'k' }, never()),
      'list a service': () => registry.list(service('web'), never()),
      'watch a service': async () => {
        throw await follow(registry, 'web').failed;
      },
      'watch a key': async () => {
        for await (const batch of registry.watch({ kind: 'key', key: 'k' }, cursor, never()))
          throw new Error(`Got ${JSON.stringify(batch)}.`);
      },
      'remove an instance': () => session.remove({ kind: 'instance', service: 'web', id: 'web-1' }, never()),
      'remove it again': () => session.remove({ kind: 'instance', service: 'web', id: 'web-1' }, never()),
      end: () => session.end(never()),
    };
    for (const [what, attempt] of Object.entries(attempts)) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect([what, error]).toEqual([what, expect.any(RegistryUnavailableError)]);
    }
    const { message } = (await registry
      .list(service('web'), never())
      .catch((error: unknown) => error)) as Error;
    if (answer.status !== 500)
      expect(message).toMatch(/in front of it|Check that Consul responds at this address/);
    relay.pass();
    expect(await ids(registry, 'web')).toEqual(['web-1']);
    await session.remove({ kind: 'instance', service: 'web', id: 'web-1' }, never());
    expect(await ids(registry, 'web')).toEqual([]);
    expect(await session.renew(never())).toMatchObject({ missing: [] });
    await session.end(never());
    await registry.close();
  });

  it("preserves Consul's own refusals", async () => {
    const guarded = await startConsul({ acl: true });
    try {
      const registry = await open(guarded);
      const attempt = registry.list({ kind: 'key', key: 'k' }, never());
      await expect(attempt).rejects.toBeInstanceOf(RegistryRefusedError);
      const unknown = await open(guarded, { token: 'b9b0a9f4-8f0e-4a73-8b0f-6a6f5b1c2d3e' });
      await expect(unknown.list(service('web'), never())).rejects.toBeInstanceOf(RegistryRefusedError);
      await registry.close();
      await unknown.close();
    } finally {
      await guarded.stop();
    }
  });
});
