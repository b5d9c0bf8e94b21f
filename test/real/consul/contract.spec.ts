import { systemClock } from '../../../lib/kernel/clock.js';
import { silentLogger } from '../../../lib/kernel/logger.js';
import { consul } from '../../../lib/registry/consul/index.js';
import { encodeName } from '../../../lib/registry/consul/names.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { type Slot } from '../../../lib/registry/item.js';
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

function keyOf(slot: Slot): string {
  if (slot.kind !== 'key') throw new Error('The suite uses keys here.');
  return `/v1/kv/${encodeURIComponent(encodeName(slot.key))}`;
}

describeRegistryContract({
  name: 'consul',
  // Consul's floor, and it takes up to twice the TTL to drop a session.
  ttl: 10,
  expiry: 25_000,
  capabilities: { guardedInstances: true, reportsMissing: false, datacenters: true },
  open: async () => {
    const source = consul({ host: agent.host, port: agent.port });
    return {
      connect: () => source.open({ clock: systemClock, random: Math.random, logger: silentLogger }),
    };
  },
  corrupt: async (_, slot) => {
    if (slot.kind !== 'instance') throw new Error('The suite spoils an instance.');
    const body = { ID: slot.id, Name: slot.service, Address: '10.0.0.1', Port: 0 };
    await agent.request('/v1/agent/service/register', { method: 'PUT', body });
  },
  forget: async (_, slot) => {
    await agent.request(keyOf(slot), { method: 'DELETE' });
  },
  plant: async (_, item) => {
    if (item.kind !== 'key') throw new Error('The suite plants a key.');
    const set = { Verb: 'set', Key: item.key, Value: Buffer.from(item.value).toString('base64') };
    await agent.json('/v1/txn', { method: 'PUT', body: [{ KV: set }] });
  },
  revoke: async (_, session) => {
    await agent.request(`/v1/session/destroy/${await consulSession(session)}`, { method: 'PUT' });
  },
});
