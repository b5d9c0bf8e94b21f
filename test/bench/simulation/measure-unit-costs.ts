// npm run bench -- --simulate --measure: the costs from which the tables of docs/scale.md are computed, on real servers.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { type ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startConsul } from '../../harness/consul.js';
import { startEtcd } from '../../harness/etcd.js';
import { Metrics } from '../../harness/metrics.js';
import { TcpProxy } from '../../harness/proxy.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { consul } from '../../../lib/registries/consul/consul.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';
import { startClient } from './client.js';
import { bytesOf, type PerEntry, type UnitCosts } from './unit-costs.js';

/** A server, the way to it through a proxy that counts, and its counters. */
interface Place {
  readonly direct: RegistrySource;
  readonly counted: RegistrySource;
  readonly proxy: TcpProxy;
  readonly pid: number;
  /** Whether a watch proves by the answers to its queries that the server is alive, rather than by messages beside them. */
  readonly answersShowLife: boolean;
  /** Requests and messages that the server has received so far. */
  requests(): Promise<number>;
  close(): Promise<void>;
}

const DEPS = { clock: systemClock, random: Math.random, logger: silentLogger };
/** Two sizes of a service, from which the bytes for each instance follow. */
const SIZES = [10, 60] as const;
const RENEWALS = 500;
const CHANGES = 20;
const REMOVALS = 5;
/** The Consul driver reads a service that changes all the time ten times a second at most. */
const PAUSE_MS = 150;
/** A multiple of the intervals of both drivers' signs of life. */
const REST_MS = 12_000;
const FOLLOWED = [1, 5] as const;
const NEVER = new AbortController().signal;
/** Clock ticks of /proc a second. */
const TICK_MS = 10;

function entry(service: string, index: number, version: number): EntryRecord {
  const instance = completeInstance({
    service,
    id: `${service}-${index}`,
    address: `10.0.0.${index}`,
    port: 8_000,
    meta: { version: String(version).padStart(6, '0'), zone: 'eu-west-1a' },
  });
  return { kind: 'instance', instance };
}

async function etcdPlace(): Promise<Place> {
  const server = await startEtcd();
  const [member] = server.members;
  const proxy = await TcpProxy.to(member!);
  return {
    direct: etcd({ endpoints: server.urls }),
    counted: etcd({ endpoints: [`http://${proxy.endpoint}`] }),
    proxy,
    pid: member!.pid,
    answersShowLife: false,
    requests: async () =>
      (await Metrics.of(`${member!.metricsUrl}/metrics`)).sum('grpc_server_msg_received_total'),
    close: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

async function consulPlace(): Promise<Place> {
  // A dev agent indents its answers.
  const agent = await startConsul({ persistent: true });
  const proxy = await TcpProxy.to(agent);
  let requests = 0;
  const count = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    if (request.getHeader('host') === proxy.endpoint) requests += 1;
  };
  subscribe('http.client.request.start', count);
  return {
    direct: consul({ host: '127.0.0.1', port: agent.port }),
    counted: consul({ host: '127.0.0.1', port: proxy.port }),
    proxy,
    pid: agent.pid,
    answersShowLife: true,
    requests: async () => await Promise.resolve(requests),
    close: async () => {
      unsubscribe('http.client.request.start', count);
      await proxy.stop();
      await agent.stop();
    },
  };
}

const bytesThrough = ({ proxy: { counts } }: Place): number => counts.bytesUp + counts.bytesDown;

/** The bytes that pass while `work` runs. */
async function bytesWhile(place: Place, work: () => Promise<unknown>): Promise<number> {
  const before = bytesThrough(place);
  await work();
  return bytesThrough(place) - before;
}

/** Milliseconds of processor time of a process so far. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** @param entries in the smaller service when its bytes were measured */
function perEntry([small, large]: readonly [number, number], entries: number): PerEntry {
  const slope = (large - small) / (SIZES[1] - SIZES[0]);
  return { fixed: Math.round(small - slope * entries), entry: Math.round(slope) };
}

async function renewals(
  place: Place,
  registry: Registry,
): Promise<Pick<UnitCosts, 'renewal' | 'renewalCpu'>> {
  const session = await registry.openSession({ ttl: 10, name: 'unit-costs' }, NEVER);
  await session.write(entry('renewed', 1, 0), undefined, NEVER);
  await session.renew(NEVER);
  const cpu = processorTime(place.pid);
  const bytes = await bytesWhile(place, async () => {
    for (let index = 0; index < RENEWALS; index += 1) await session.renew(NEVER);
  });
  const renewalCpu = Math.round(((processorTime(place.pid) - cpu) * 1_000) / RENEWALS);
  await session.end(NEVER);
  return { renewal: Math.round(bytes / RENEWALS), renewalCpu };
}

/** The bytes of one service: its list, one change, one removal, and a second at rest. */
async function service(
  place: Place,
  counted: Registry,
  direct: Registry,
  size: number,
): Promise<Record<'list' | 'change' | 'removal' | 'rest', number>> {
  const name = `service-${size}`;
  const scope = { kind: 'service', service: name } as const;
  const writer = await direct.openSession({ ttl: 60, name: 'unit-costs' }, NEVER);
  const versions = new Map<number, string>();
  const write = async (index: number, version: number): Promise<void> => {
    const written = await writer.write(entry(name, index, version), versions.get(index), NEVER);
    if (!written.ok) throw new Error(`The registry refused a write of ${name}-${index}.`);
    versions.set(index, written.version);
  };
  for (let index = 0; index < size; index += 1) await write(index, 0);
  let cursor = (await counted.list(scope, NEVER)).cursor;
  const list = await bytesWhile(place, async () => ({ cursor } = await counted.list(scope, NEVER)));
  const end = new AbortController();
  let seen = 0;
  const watching = (async () => {
    for await (const batch of counted.watch(scope, cursor, end.signal, { causes: false }))
      if (batch.kind !== 'changes' || batch.changes.length > 0) seen += 1;
  })();
  await sleep(2_000);
  const rest = (await bytesWhile(place, async () => await sleep(REST_MS))) / (REST_MS / 1_000);
  const after = async (work: () => Promise<void>): Promise<void> => {
    const before = seen;
    await work();
    const deadline = performance.now() + 10_000;
    while (seen === before) {
      if (performance.now() > deadline) throw new Error(`No change of ${name} was seen for 10 s.`);
      await sleep(2);
    }
    await sleep(PAUSE_MS);
  };
  /** The bytes of one of `count` changes. */
  const each = async (work: (index: number) => Promise<void>, count: number): Promise<number> => {
    const start = performance.now();
    const bytes = await bytesWhile(place, async () => {
      for (let index = 0; index < count; index += 1) await after(async () => await work(index));
    });
    const signsOfLife = place.answersShowLife ? 0 : (rest * (performance.now() - start)) / 1_000;
    return (bytes - signsOfLife) / count;
  };
  const change = await each(async (index) => await write(index % size, index + 1), CHANGES);
  const removal = await each(
    async (index) => await writer.remove({ kind: 'instance', service: name, id: `${name}-${index}` }, NEVER),
    REMOVALS,
  );
  end.abort();
  await watching;
  await writer.end(NEVER);
  return { list, change, removal, rest };
}

/** What a client costs that starts, rests, and whose connections are cut. */
async function client(
  place: Place,
  direct: Registry,
): Promise<{ readonly rest: number } & Pick<UnitCosts, 'start' | 'cut'>> {
  const writer = await direct.openSession({ ttl: 60, name: 'unit-costs' }, NEVER);
  const names = Array.from({ length: FOLLOWED[1] }, (_, index) => `followed-${index}`);
  for (const name of names) await writer.write(entry(name, 0, 0), undefined, NEVER);
  const requests: number[] = [];
  let [connections, cutConnections, cutBytes, rest] = [0, 0, 0, 0];
  for (const count of FOLLOWED) {
    const { connections: before } = place.proxy.counts;
    const received = await place.requests();
    const { close } = await startClient(place.counted, entry('client', count, 0), names.slice(0, count), 1);
    requests.push((await place.requests()) - received);
    connections = place.proxy.counts.connections - before;
    if (count !== FOLLOWED[1]) {
      await close();
      continue;
    }
    await sleep(2_000);
    rest = await bytesWhile(place, async () => await sleep(REST_MS));
    const open = place.proxy.counts.connections;
    cutBytes =
      (await bytesWhile(place, async () => {
        place.proxy.cut();
        await sleep(REST_MS);
      })) - rest;
    cutConnections = place.proxy.counts.connections - open;
    await close();
  }
  await writer.end(NEVER);
  const perService = (requests[1]! - requests[0]!) / (FOLLOWED[1] - FOLLOWED[0]);
  return {
    rest: rest / (REST_MS / 1_000),
    start: {
      lists: place.answersShowLife ? 2 : 1,
      requests: Math.round(requests[0]! - perService * FOLLOWED[0]),
      requestsPerService: perService,
      connections,
    },
    cut: { connections: cutConnections, bytes: Math.max(0, Math.round(cutBytes)) },
  };
}

async function measureAt(place: Place): Promise<UnitCosts> {
  try {
    const counted = await place.counted.open(DEPS);
    const direct = await place.direct.open(DEPS);
    try {
      const [small, large] = [
        await service(place, counted, direct, SIZES[0]),
        await service(place, counted, direct, SIZES[1]),
      ] as const;
      const costs = (what: keyof typeof small, entries: number = SIZES[0]): PerEntry =>
        perEntry([small[what], large[what]], entries);
      const renewal = await renewals(place, counted);
      const { rest, ...client_ } = await client(place, direct);
      const service_ = place.answersShowLife ? costs('rest') : { fixed: 0, entry: 0 };
      return {
        ...renewal,
        list: costs('list'),
        change: costs('change'),
        // The service shrinks while removals are measured.
        removal: costs('removal', SIZES[0] - (REMOVALS + 1) / 2),
        rest: {
          client: Math.max(0, Math.round(rest - FOLLOWED[1] * bytesOf(service_, 1))),
          service: service_,
        },
        ...client_,
      };
    } finally {
      await counted.close();
      await direct.close();
    }
  } finally {
    await place.close();
  }
}

/** Measures the unit costs on an etcd and on a Consul agent of its own. Takes about two minutes. */
export async function measureUnitCosts(): Promise<Record<'etcd' | 'consul', UnitCosts>> {
  return {
    etcd: await measureAt(await etcdPlace()),
    consul: await measureAt(await consulPlace()),
  };
}
