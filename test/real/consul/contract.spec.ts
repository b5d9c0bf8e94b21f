import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { consul } from '../../../lib/registries/consul/index.js';
import { kvKeyOf } from '../../../lib/registries/consul/names.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { type EntryKey } from '../../../lib/registry/entry-record.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';

let agent: ConsulAgent;
beforeAll(async () => {
  agent = await startConsul();
});
afterAll(async () => {
  await agent.stop();
});

/** The Consul session behind one of ours: its name ends with our id. */
async function consulSession(owner: string): Promise<string> {
  const sessions = await agent.json<{ ID: string; Name: string }[]>('/v1/session/list');
  const found = sessions.find(({ Name }) => Name.endsWith(owner));
  if (!found) throw new Error(`No Consul session for ${owner}.`);
  return found.ID;
}

function keyOf(entryKey: EntryKey): string {
  if (entryKey.kind !== 'key') throw new Error('The suite uses keys here.');
  return `/v1/kv/${encodeURIComponent(kvKeyOf(entryKey))}`;
}

describeRegistryContract({
  name: 'consul',
  // Consul's floor, and it takes up to twice the TTL to drop a session.
  ttl: 10,
  expiryMs: 40_000,
  capabilities: { guardedInstances: true, reportsMissing: false, datacenters: true },
  open: async () => {
    const source = consul({ host: agent.host, port: agent.port, timeout: 20 });
    return {
      connect: () => source.open({ clock: systemClock, random: Math.random, logger: silentLogger }),
    };
  },
  corrupt: async (_, entryKey) => {
    if (entryKey.kind !== 'instance') throw new Error('The suite spoils an instance.');
    const body = { ID: entryKey.id, Name: entryKey.service, Address: '10.0.0.1', Port: 0 };
    await agent.request('/v1/agent/service/register', { method: 'PUT', body });
  },
  forget: async (_, entryKey) => {
    await agent.request(keyOf(entryKey), { method: 'DELETE' });
  },
  plant: async (_, record) => {
    if (record.kind !== 'key') throw new Error('The suite plants a key.');
    const set = { Verb: 'set', Key: record.key, Value: Buffer.from(record.value).toString('base64') };
    await agent.json('/v1/txn', { method: 'PUT', body: [{ KV: set }] });
  },
  revoke: async (_, session) => {
    await agent.request(`/v1/session/destroy/${await consulSession(session)}`, { method: 'PUT' });
  },
});
