import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo } from 'node:net';
import { alternate, type Measure } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';
import { loadPeer, type PeerName } from '../measure/peers.js';
import { type Run, time } from '../measure/picks.js';
import { openWorld } from '../measure/still-world.js';

/** A pick of a peer, or undefined if the peer is not installed. */
type Peer = { readonly pick: () => unknown } | undefined;

/** `piloted` reads its hosts from Consul: a server with that one answer. */
async function piloted(size: number): Promise<Peer> {
  const peer = (await loadPeer('piloted')) as
    { config(options: object): Promise<unknown>; service(name: string): unknown } | undefined;
  if (!peer) return undefined;
  const nodes = Array.from({ length: size }, (_, index) => ({
    Node: { Node: `node-${index}`, Address: '10.0.0.1' },
    Service: { Service: 'web', Address: `10.0.${index >> 8}.${index & 255}`, Port: 8_000 },
    Checks: [{ ServiceName: 'web', Status: 'passing' }],
  }));
  const server = http.createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(nodes));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await peer.config({ consul: `127.0.0.1:${port}`, watches: [{ name: 'web' }] });
  server.close();
  return { pick: () => peer.service('web') };
}

async function nestcloud(size: number): Promise<Peer> {
  const name = '@nestcloud/loadbalance';
  const balancers = (await loadPeer(name, '/loadbalancer.js')) as
    { Loadbalancer: new (...args: unknown[]) => { chooseService(): unknown } } | undefined;
  const rules = (await loadPeer(name, '/rules/round-robin.rule.js')) as
    { RoundRobinRule: new () => object } | undefined;
  if (!balancers || !rules) return undefined;
  const alive = { isAlive: () => true };
  const servers = Array.from({ length: size }, (_, index) => ({
    id: `${index}`,
    address: `10.0.${index >> 8}.${index & 255}`,
    port: 8_000,
    state: alive,
  }));
  const balancer = new balancers.Loadbalancer('web', 'web', servers, new rules.RoundRobinRule());
  return { pick: () => balancer.chooseService() };
}

async function moleculer(size: number): Promise<Peer> {
  type Class = new (...args: unknown[]) => unknown;
  const load = async (path: string): Promise<Class | undefined> =>
    (await loadPeer('moleculer', path)) as Class | undefined;
  const list = await load('/src/registry/endpoint-list.js');
  const endpoint = await load('/src/registry/endpoint.js');
  const strategies = await load('/src/strategies/round-robin.js');
  if (!list || !endpoint || !strategies) return undefined;
  const registry = { logger: console, opts: { preferLocal: true } };
  const endpoints = new list(
    registry,
    { nodeID: 'self' },
    'web.get',
    'web',
    endpoint,
    strategies,
    {},
  ) as Endpoints;
  for (let index = 0; index < size; index++) endpoints.add({ id: `node-${index}` }, { name: 'web' }, {});
  return { pick: () => endpoints.next() };
}

interface Endpoints {
  add(node: object, service: object, data: object): void;
  next(): unknown;
}

const OPEN: Readonly<Record<PeerName, (size: number) => Promise<Peer>>> = {
  piloted,
  '@nestcloud/loadbalance': nestcloud,
  moleculer,
};

const repeat =
  (pick: () => unknown): Run =>
  (picks) => {
    let sum = 0;
    for (let index = 0; index < picks; index++) if (pick()) sum = (sum + 1) | 0;
    if (sum !== picks) throw new Error(`Expected ${picks} endpoints, got ${sum}.`);
    return sum;
  };

/** How many of our picks one of a peer must cost at least, by the number of endpoints. */
const GOALS: Readonly<Record<number, number>> = { 100: 10, 1_000: 100 };

/** `100`: endpoints. */
export async function measure(variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const size = Number(variant);
  const { discovery, close } = await openWorld(1, size);
  const handle = discovery.of('service-0');
  const ours = repeat(() => handle.pick());
  const sides: Record<string, Measure> = { ours: () => time(ours, 1_000_000) };
  for (const [name, open] of Object.entries(OPEN)) {
    const peer = await open(size);
    if (!peer) continue;
    // Peers copy or filter the list for every pick: as many picks as take about as long.
    const picks = Math.max(500, Math.round((quick ? 1e6 : 4e6) / size));
    sides[name] = () => time(repeat(peer.pick), picks);
  }
  const values = await alternate(rounds, sides);
  await close();
  return Object.keys(OPEN).map((name) => ({
    what: `${name}, ${size} endpoints`,
    unit: 'ns',
    ours: values.ours!,
    peers: [{ name, values: values[name] ?? [] }],
    ...(GOALS[size] === undefined ? {} : { goal: { of: 'peer' as const, atLeast: GOALS[size] } }),
    x: size,
  }));
}
