import { Test, type TestingModule } from '@nestjs/testing';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type RecordWithTtl } from 'node:dns';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinHostPort } from '../common/address.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { silentLogger } from '../common/logger.js';
import { DiscoveryService } from './discovery.service.js';
import { PilotedModule } from './piloted.module.js';
import { type PilotedModuleOptions } from './piloted.options.js';
import { ConsulClient } from '../registries/consul/client.js';
import { ConsulRegistry } from '../registries/consul/consul-registry.js';
import { consulSettings } from '../registries/consul/options.js';
import { fixedToken } from '../registries/consul/token.js';
import { type Transport } from '../registries/consul/transport.js';
import { DnsRegistry } from '../registries/dns/dns-registry.js';
import { readDnsOptions } from '../registries/dns/options.js';
import { type DnsResolver } from '../registries/dns/resolver.js';
import { decodeRecord } from '../registries/etcd/codec.js';
import { file } from '../registries/file/file.js';
import { fixed } from '../registries/fixed/fixed.js';
import { completeInstance } from '../registry/instance.js';
import { memory } from '../registries/memory/memory.js';
import { type Listing, type Registry } from '../registry/registry.js';
import { type RegistryDeps, type RegistrySource } from '../registry/registry-source.js';
import { listing, ScriptedRegistry } from '../../test/harness/in-memory/scripted-registry.js';

type Address = readonly [address: string, port: number];

const ALLOW: readonly string[] = ['10.0.0.0/8', 'fd00::/8'];
/** Addresses in the ranges; an IPv4 address may be written as an IPv6 address. */
const INSIDE: readonly Address[] = [
  ['10.0.0.1', 80],
  ['::ffff:10.0.0.2', 80],
  ['::ffff:a00:3', 65_535],
  ['fd00::1', 1],
];
/** Well-formed addresses outside of the ranges; a hostname may resolve to any address. */
const OUTSIDE: readonly Address[] = [
  ['169.254.169.254', 80],
  ['::ffff:169.254.169.254', 80],
  ['::ffff:a9fe:a9fe', 80],
  ['fe80::1', 80],
  ['localhost', 80],
  ['0x7f.1', 80],
];
/** Invalid addresses or ports. */
const MALFORMED: readonly Address[] = [
  ['http://10.0.0.1', 80],
  ['10.0.0.256', 80],
  ['2130706433', 80],
  ['', 80],
  ['10.0.0.4', 0],
  ['10.0.0.5', 65_536],
];

const SERVICE = 'web';
let folder: string;

function source(open: (deps: RegistryDeps) => Registry): RegistrySource {
  return { identity: `test ${performance.now()}`, url: 'test:', open: (deps) => Promise.resolve(open(deps)) };
}

function scripted(answer: () => Listing | Promise<Listing>): RegistrySource {
  const registry = new ScriptedRegistry();
  registry.answer = answer;
  return source(() => registry);
}

const idOf = (n: number): string => `id-${n}`;

/** Each source of endpoints, as options of the module, with the addresses that it accepts. */
const SOURCES: Readonly<
  Record<
    string,
    {
      readonly accepts: readonly Address[];
      readonly options: (given: readonly Address[]) => Promise<PilotedModuleOptions>;
    }
  >
> = {
  memory: {
    accepts: [...INSIDE, ...OUTSIDE, ...MALFORMED],
    options: async (given) => {
      const registry = memory();
      given.forEach(([address, port], n) => {
        const instance = completeInstance({ service: SERVICE, id: idOf(n), address, port });
        registry.store.put({ kind: 'instance', instance });
      });
      return { registry };
    },
  },
  fixed: {
    accepts: [...INSIDE, ...OUTSIDE],
    options: async (given) => ({
      registry: fixed({ [SERVICE]: given.map(([address, port]) => ({ address, port })) }),
    }),
  },
  file: {
    accepts: [...INSIDE, ...OUTSIDE, ...MALFORMED],
    options: async (given) => {
      await mkdir(join(folder, 'services', SERVICE), { recursive: true, mode: 0o700 });
      for (const [n, [address, port]] of given.entries()) {
        const entry = { format: 1, instance: { service: SERVICE, id: idOf(n), address, port } };
        await writeFile(join(folder, 'services', SERVICE, `${idOf(n)}.json`), JSON.stringify(entry));
      }
      return { registry: file(folder) };
    },
  },
  snapshot: {
    accepts: [...INSIDE, ...OUTSIDE],
    options: async (given) => {
      const endpoints = given.map(([address, port], n) =>
        completeInstance({ service: SERVICE, id: idOf(n), address, port }),
      );
      const services = [{ service: SERVICE, heard: 1, endpoints }];
      await writeFile(join(folder, 'snapshot.json'), JSON.stringify({ version: 1, services }));
      return {
        registry: scripted(() => Promise.reject(new Error('down'))),
        snapshot: join(folder, 'snapshot.json'),
        bootTimeout: 0.05,
      };
    },
  },
  'values of etcd': {
    accepts: [...INSIDE, ...OUTSIDE, ...MALFORMED],
    options: async (given) => {
      const parts = given.map(([address, port], n) => {
        const entryKey = { kind: 'instance', service: SERVICE, id: idOf(n) } as const;
        return {
          entryKey,
          decoded: decodeRecord(entryKey, Buffer.from(JSON.stringify({ Addr: joinHostPort(address, port) }))),
        };
      });
      return {
        registry: scripted(() => ({
          ...listing([]),
          entries: parts.flatMap(({ decoded }) =>
            'record' in decoded ? [{ record: decoded.record, version: '1', owner: undefined }] : [],
          ),
          malformed: parts.flatMap(({ entryKey, decoded }) =>
            'reason' in decoded ? [{ entryKey, reason: decoded.reason }] : [],
          ),
        })),
      };
    },
  },
  'answers of Consul': {
    accepts: [...INSIDE, ...OUTSIDE, ...MALFORMED],
    options: async (given) => {
      const body = given.map(([Address, Port], n) => ({
        Node: { Node: 'n', Address: '' },
        Service: { ID: idOf(n), Service: SERVICE, Address, Port, ModifyIndex: 1 },
        Checks: [],
      }));
      const transport: Transport = {
        send: () =>
          Promise.resolve({
            status: 200,
            headers: { 'x-consul-index': '1' },
            body: Buffer.from(JSON.stringify(body)),
          }),
        close: () => undefined,
      };
      return {
        registry: source(
          (deps) =>
            new ConsulRegistry(
              new ConsulClient(consulSettings({}), deps.clock, fixedToken(undefined), {
                calls: transport,
                writes: transport,
                reads: transport,
                watches: transport,
              }),
              deps.clock,
            ),
        ),
      };
    },
  },
  'answers of the DNS': {
    accepts: [...INSIDE, ...OUTSIDE, ...MALFORMED].filter(([address]) => address !== ''),
    options: async (given) => {
      const found = (port: number, family: number): RecordWithTtl[] =>
        given
          .filter(([address, own]) => own === port && (isIP(address) === 6) === (family === 6))
          .map(([address]) => ({ address, ttl: 60 }));
      const resolver: DnsResolver = {
        resolveSrv: async () =>
          [...new Set(given.map(([, port]) => port))].map((port) => ({
            name: `p${port}.example.org`,
            port,
            priority: 0,
            weight: 1,
          })),
        resolve4: async (name) => found(Number(/^p(\d+)/.exec(name)?.[1]), 4),
        resolve6: async (name) => found(Number(/^p(\d+)/.exec(name)?.[1]), 6),
        cancel: () => undefined,
      };
      return {
        registry: source(
          ({ clock }) => new DnsRegistry('dns:', readDnsOptions({ domain: 'example.org' }), resolver, clock),
        ),
      };
    },
  },
};

describe.each(Object.entries(SOURCES))('addresses from %s', (_name, { accepts, options }) => {
  let app: TestingModule | undefined;
  let warnings: string[];

  async function found(given: readonly Address[], allow?: readonly string[]): Promise<Address[]> {
    const logger = {
      log: () => undefined,
      warn: (text: string) => warnings.push(text),
      error: () => undefined,
    };
    const piloted = PilotedModule.forRoot({
      ...(await options(given)),
      services: [SERVICE],
      logger,
      ...(allow === undefined ? {} : { allow: [...allow] }),
    });
    app = await Test.createTestingModule({ imports: [piloted] }).compile();
    await app.init();
    return app
      .get(DiscoveryService)
      .endpoints(SERVICE)
      .map(({ address, port }): Address => [address, port]);
  }

  const sorted = (addresses: readonly Address[]): string[] => addresses.map((one) => one.join(' ')).sort();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-addresses-'));
    warnings = [];
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  it('are all accepted that are an IP address or a hostname with a port', async () => {
    const wellFormed = accepts.filter((one) => !MALFORMED.includes(one));
    expect(sorted(await found(accepts))).toEqual(sorted(wellFormed));
  });

  it('are dropped outside of `allow`, each with a warning that names it', async () => {
    expect(sorted(await found(accepts, ALLOW))).toEqual(sorted(INSIDE));
    const outside = warnings.filter((text) => text.includes('is not in the allowed 10.0.0.0/8, fd00::/8'));
    expect(outside).toHaveLength(OUTSIDE.length);
    for (const [address, port] of OUTSIDE)
      expect(outside.filter((text) => text.includes(joinHostPort(address, port)))).not.toEqual([]);
  });

  it('are dropped with a warning when they are invalid', async () => {
    const malformed = accepts.filter((one) => MALFORMED.includes(one));
    expect(sorted(await found([...malformed, INSIDE[0]!]))).toEqual(sorted([INSIDE[0]!]));
    expect(warnings.filter((text) => /^(?:Ignoring|Leaving out)/.test(text))).toHaveLength(malformed.length);
  });
});

describe('a fixed list', () => {
  it.each(MALFORMED)('is rejected at boot with %j:%j in it', (address, port) => {
    expect(() => fixed({ web: [{ address, port }] })).toThrow(InvalidOptionError);
  });
});

describe('`allow`', () => {
  it.each(['10.0.0.0/33', '10.0.0/8', 'web', '', '10.0.0.0/', '::1/129', 5, null])(
    'is rejected at boot with %j in it',
    async (range) => {
      const allow = [range] as unknown as string[];
      const module = Test.createTestingModule({
        imports: [PilotedModule.forRoot({ registry: memory(), logger: silentLogger, allow })],
      });
      await expect(module.compile()).rejects.toThrow(/^Expected `allow` to be an array of CIDRs/);
    },
  );
});
