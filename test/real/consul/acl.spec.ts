import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { RegistryRefusedError } from '../../../lib/common/errors/index.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';
import { follow, ids, instance, never, open, service } from './support.js';

/** Policies as docs/registries.md has them, for every service and for a folder of keys. */
const ANNOUNCE = `
  service "web" { policy = "write" }
  node_prefix "" { policy = "read" }
`;
const KEYS = `
  session_prefix "" { policy = "write" }
  key_prefix "app/" { policy = "write" }
`;
const DISCOVER = `
  service_prefix "" { policy = "read" }
  node_prefix "" { policy = "read" }
`;

let agent: ConsulAgent;
beforeAll(async () => {
  agent = await startConsul({ acl: true });
});
afterAll(async () => {
  await agent.stop();
});

async function refusal(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RegistryRefusedError);
  return error as Error;
}

describe('ConsulRegistry with ACLs that deny by default', () => {
  it('registers, discovers and writes keys with the least rights', async () => {
    const announcer = await open(agent, { token: await agent.createToken(ANNOUNCE + KEYS) });
    const discoverer = await open(agent, { token: await agent.createToken(DISCOVER) });
    const held = await announcer.openSession({ ttl: 10 }, never());
    const key = { kind: 'key', key: 'app/leader', value: 'me' } as const;
    expect(await held.write(instance({}), undefined, never())).toMatchObject({ ok: true });
    expect(await held.write(key, undefined, never())).toMatchObject({ ok: true });
    expect((await held.renew(never())).missing).toEqual([]);
    expect(await ids(discoverer, 'web')).toEqual(['web-1']);
    expect(await ids(discoverer, 'unknown')).toEqual([]);
    await held.end(never());
    expect(await ids(discoverer, 'web')).toEqual([]);
    await announcer.close();
    await discoverer.close();
  });

  it.each([
    ['without a token', async () => ({})],
    ['with a token that may read no service', async () => ({ token: await agent.createToken(KEYS) })],
    [
      'with a token that may read no node',
      async () => ({ token: await agent.createToken('service_prefix "" { policy = "read" }') }),
    ],
    ['with a token that is not known', async () => ({ token: '00000000-1111-2222-3333-444444444444' })],
  ])('never treats a missing right as an empty list: %s', async (_, options) => {
    const other = await open(agent, { token: agent.token! });
    const held = await other.openSession({ ttl: 300 }, never());
    await held.write(instance({ service: 'seen' }), undefined, never());
    const registry = await open(agent, await options());
    const { message } = await refusal(registry.list(service('seen'), never()));
    expect(message).toMatch(/service:read|node:read|ACL not found/);
    const watch = follow(registry, 'seen');
    expect(await watch.failed).toBeInstanceOf(RegistryRefusedError);
    expect(watch.batches).toEqual([]);
    await registry.close();
    await held.end(never());
    await other.close();
  });

  it('preserves a list when its token loses a right', async () => {
    const token = await agent.createToken(DISCOVER);
    const admin = await open(agent, { token: agent.token! });
    const held = await admin.openSession({ ttl: 300 }, never());
    await held.write(instance({ service: 'kept' }), undefined, never());
    const registry = await open(agent, { token });
    const watch = follow(registry, 'kept');
    await until('the watch to begin', () => watch.batches.length > 0);
    const { Policies } = await agent.json<{ Policies: { ID: string; Name: string }[] }>(
      '/v1/acl/token/self',
      {
        headers: { 'x-consul-token': token },
      },
    );
    const { ID, Name } = Policies[0]!;
    const body = { ID, Name, Rules: 'node_prefix "" { policy = "read" }' };
    await agent.json(`/v1/acl/policy/${ID}`, { method: 'PUT', body });
    expect(await watch.failed).toBeInstanceOf(RegistryRefusedError);
    const lists = watch.batches.flatMap((batch) =>
      batch.kind === 'listing' ? [batch.listing.entries.length] : [],
    );
    expect(lists).toEqual([1]);
    await registry.close();
    await held.end(never());
    await admin.close();
  });

  it('rejects a write that the token does not allow, with the message of Consul', async () => {
    const registry = await open(agent, { token: await agent.createToken(ANNOUNCE + KEYS) });
    const held = await registry.openSession({ ttl: 300 }, never());
    const elsewhere = await refusal(held.write(instance({ service: 'api' }), undefined, never()));
    expect(elsewhere.message).toMatch(/service:(read|write)|Permission denied/);
    const key = { kind: 'key', key: 'elsewhere/x', value: '' } as const;
    expect((await refusal(held.write(key, undefined, never()))).message).toContain('Permission denied');
    await held.end(never());
    await registry.close();
  });

  it('never shows its token', async () => {
    const token = 'canary-0123456789';
    const registry = await open(agent, { token });
    const errors = await Promise.all([
      refusal(registry.list(service('web'), never())),
      refusal(registry.list({ kind: 'key', key: 'a' }, never())),
    ]);
    for (const error of errors) {
      expect(`${error.message} ${error.stack ?? ''} ${inspect(error, { depth: 8 })}`).not.toContain(token);
    }
    expect(registry.url).not.toContain(token);
    await registry.close();
  });

  it('reads a token file again when it changes', async () => {
    const folder = await tempFolder('consul-token');
    const tokenFile = join(folder, 'token');
    const replace = async (token: string): Promise<void> => {
      await writeFile(`${tokenFile}.new`, `${token}\n`);
      await rename(`${tokenFile}.new`, tokenFile);
    };
    const [first, second] = [await agent.createToken(DISCOVER), await agent.createToken(DISCOVER)];
    await replace(first);
    const registry = await open(agent, { tokenFile });
    expect(await ids(registry, 'web')).toEqual([]);
    const { AccessorID } = await agent.json<{ AccessorID: string }>('/v1/acl/token/self', {
      headers: { 'x-consul-token': first },
    });
    await agent.json(`/v1/acl/token/${AccessorID}`, { method: 'DELETE' });
    await replace(second);
    // The first refusal makes it look again: not one call fails.
    expect(await ids(registry, 'web')).toEqual([]);
    await registry.close();
    await removeFolder(folder);
  });
});
