import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../lib/common/clock.js';
import { silentLogger } from '../../../../lib/common/logger.js';
import { type PlainKey } from '../../../../lib/registry/entry-record.js';
import { type Registry } from '../../../../lib/registry/registry.js';
import { registrySource } from '../../../../lib/registries/registry-url.js';
import { TcpProxy } from '../../../harness/proxy.js';
import { sleep } from '../../../harness/wait.js';
import { between, pickOne } from '../../random.js';
import { type Stage } from '../stage.js';

/** A registry in which an election is held, and what can be done to it by another hand. */
export interface ElectionPlace {
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  /** Returns the URL for one more candidate, with a proxy of its own where there is a network. */
  way(): Promise<{ readonly url: string; readonly proxy: TcpProxy | undefined }>;
  /** Faults of the registry itself; undefined where it has none. */
  disturb?(): Promise<void>;
  /** Removes the record of an election. */
  remove(election: string): Promise<void>;
  /** Revokes the session that holds the record. */
  revoke(election: string): Promise<void>;
}

const { signal } = new AbortController();

async function opened(stage: Stage, url: string): Promise<Registry> {
  const deps = { clock: systemClock, random: stage.random, logger: silentLogger };
  const registry = await registrySource(url, {}).open(deps);
  stage.atEnd(async () => await registry.close());
  return registry;
}

async function held(
  registry: Registry,
  election: string,
): Promise<
  { readonly key: PlainKey; readonly version: string; readonly owner: string | undefined } | undefined
> {
  const key: PlainKey = { kind: 'key', space: 'elections', key: election };
  const [entry] = (await registry.list(key, signal)).entries;
  return entry && { key, version: entry.version, owner: entry.owner };
}

async function removeRecord(registry: Registry, election: string): Promise<void> {
  const record = await held(registry, election);
  if (record) await registry.discard?.(record.key, record.version, signal);
}

/** A cluster of three members, with a proxy to each for every candidate. */
export async function etcdPlace(stage: Stage): Promise<ElectionPlace> {
  const etcd = await stage.etcd({ size: 3, partitions: true });
  const registry = await opened(stage, `etcd://${etcd.hosts}`);
  return {
    name: 'etcd',
    ttl: 3,
    way: async () => {
      const proxy = await TcpProxy.to(pickOne(stage.random, etcd.members));
      stage.atEnd(async () => await proxy.stop());
      return { url: `etcd://${proxy.endpoint}`, proxy };
    },
    disturb: async () => {
      const member = pickOne(stage.random, etcd.members);
      if (stage.random() < 0.5) {
        await stage.kill(member);
        await sleep(between(stage.random, 0, 2_000));
        await stage.restart(member);
      } else {
        await stage.pause(member);
        await sleep(between(stage.random, 500, 4_000));
        stage.resume(member);
      }
      await etcd.whenHealthy();
    },
    remove: async (election) => await removeRecord(registry, election),
    revoke: async (election) => {
      const owner = (await held(registry, election))?.owner;
      if (owner !== undefined) await etcd.revoke(BigInt(owner).toString(16));
    },
  };
}

/** An agent that keeps its data, with a proxy for every candidate. */
export async function consulPlace(stage: Stage): Promise<ElectionPlace> {
  const consul = await stage.consul({ persistent: true });
  const registry = await opened(stage, `consul://${consul.host}:${consul.port}`);
  return {
    name: 'consul',
    ttl: 10,
    way: async () => {
      const proxy = await TcpProxy.to({ host: consul.host, port: consul.port });
      stage.atEnd(async () => await proxy.stop());
      return { url: `consul://${proxy.endpoint}`, proxy };
    },
    disturb: async () => {
      stage.fault('consul', 'kill', 'begin');
      await consul.kill();
      await sleep(between(stage.random, 0, 2_000));
      await consul.restart();
      stage.fault('consul', 'kill', 'end');
    },
    remove: async (election) => await removeRecord(registry, election),
    revoke: async (election) => {
      const [found] = await consul
        .json<{ Session?: string }[]>(`/v1/kv/nestjs-sidekick/elections/${election}`)
        .catch(() => []);
      if (found?.Session !== undefined)
        await consul.request(`/v1/session/destroy/${found.Session}`, { method: 'PUT' });
    },
  };
}

/** A folder. */
export async function filePlace(stage: Stage): Promise<ElectionPlace> {
  const folder = await stage.folder('elections');
  const registry = await opened(stage, `file:${folder}`);
  return {
    name: 'file',
    ttl: 3,
    way: async () => await Promise.resolve({ url: `file:${folder}`, proxy: undefined }),
    remove: async (election) => {
      const keys = join(folder, 'elections');
      const files = (await readdir(keys)).filter((file) => file.startsWith(`${election}@`));
      for (const file of files.filter((name) => name.endsWith('.json')))
        await rm(join(keys, file), { force: true });
    },
    revoke: async (election) => {
      const owner = (await held(registry, election))?.owner;
      if (owner !== undefined) await rm(join(folder, 'sessions', `${owner}.json`), { force: true });
    },
  };
}
