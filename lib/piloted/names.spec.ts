import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError, RegistryUnavailableError } from '../common/errors/index.js';
import { silentLogger } from '../common/logger.js';
import { DiscoveryService } from './discovery.service.js';
import { PilotedModule } from './piloted.module.js';
import { type PilotedModuleOptions } from './piloted.options.js';
import { UnknownServiceError } from './unknown-service.error.js';
import { ODD_NAMES } from '../registry/contract/cases/names.js';
import { memory } from '../registries/memory/memory.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { Announcer } from '../../test/harness/in-memory/announcer.js';
import { ScriptedRegistry } from '../../test/harness/in-memory/scripted-registry.js';

const NO_NAMES: readonly unknown[] = [
  '',
  'a\0b',
  'a\nb',
  '\ud800',
  'x'.repeat(1_025),
  5,
  null,
  undefined,
  {},
];

/** A registry that never answers. */
function down(): RegistrySource {
  const registry = new ScriptedRegistry();
  registry.answer = () => {
    throw new RegistryUnavailableError('scripted:', []);
  };
  return { identity: 'down', url: 'scripted:', open: () => Promise.resolve(registry) };
}

/** The properties of every object, to which no test may add. */
const shared = (): PropertyKey[] => Reflect.ownKeys(Object.prototype);

describe('names of services, ids, tags and metadata', () => {
  const before = shared();
  let source: RegistrySource;
  let announcers: Announcer[];
  let app: TestingModule | undefined;

  async function discovery(options: PilotedModuleOptions = {}): Promise<DiscoveryService> {
    const piloted = PilotedModule.forRoot({ registry: source, logger: silentLogger, ...options });
    app = await Test.createTestingModule({ imports: [piloted] }).compile();
    await app.init();
    return app.get(DiscoveryService);
  }

  beforeEach(async () => {
    source = memory();
    announcers = [];
    for (const [n, name] of ODD_NAMES.entries()) {
      const announcer = await Announcer.on(source, name);
      announcers.push(announcer);
      const odd = {
        tags: [name],
        meta: Object.fromEntries([[name, name]]),
        ports: Object.fromEntries([[name, n + 1]]),
      };
      await announcer.announce({ id: name, port: 1_000 + n, ...odd }, { id: `${n}`, port: 1_000 + n });
    }
  });

  afterEach(async () => {
    await app?.close();
    for (const announcer of announcers) await announcer.end();
    expect(shared()).toEqual(before);
  });

  it('are read as they were written, each service with its own endpoints', async () => {
    const found = await discovery({ services: [...ODD_NAMES] });
    expect(found.names()).toEqual(ODD_NAMES);
    for (const [n, name] of ODD_NAMES.entries()) {
      const handle = found.of(name);
      expect(handle.name).toBe(name);
      expect(
        found
          .endpoints(name)
          .map(({ id }) => id)
          .sort(),
      ).toEqual([`${n}`, name].sort());
      expect(found.pick(name).port).toBe(1_000 + n);
      expect((await found.service(name)).service).toBe(name);
      const odd = found.endpoints(name).find(({ id }) => id === name);
      expect(odd?.tags).toEqual([name]);
      expect(Object.entries(odd?.meta ?? {})).toEqual([[name, name]]);
      expect(Object.entries(odd?.ports ?? {})).toEqual([[name, n + 1]]);
    }
  });

  it('are unchanged in the dump for operators', async () => {
    const dump = (await discovery({ services: [...ODD_NAMES] })).dump();
    expect(dump.services.map(({ name }) => name)).toEqual(ODD_NAMES);
    const text = JSON.stringify(dump);
    expect(JSON.parse(text)).toEqual(dump);
    expect(dump.services.every(({ endpoints }) => endpoints.length === 2)).toBe(true);
  });

  it('find a port only by its own name, never by a property of Object.prototype', async () => {
    const found = await discovery({ services: ['constructor', '__proto__'] });
    expect(() => found.of('constructor').url('/', { port: 'toString' })).toThrow(InvalidOptionError);
    for (const name of ['constructor', '__proto__']) {
      const urls = [1, 2].map(() => {
        try {
          return found.of(name).url('/', { port: name });
        } catch (error) {
          return error;
        }
      });
      // Only one of the two has the port.
      expect(urls.filter((url) => typeof url === 'string')).toHaveLength(1);
      expect(urls.filter((url) => url instanceof InvalidOptionError)).toHaveLength(1);
    }
  });

  it('are restored from a snapshot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-names-'));
    try {
      const snapshot = join(folder, 'snapshot.json');
      const first = (await discovery({ services: [...ODD_NAMES], snapshot })).dump().services;
      await app?.close();
      source = down();
      const again = await discovery({ services: [...ODD_NAMES], snapshot, bootTimeout: 0.05 });
      expect(again.dump().services.map(({ name, endpoints }) => [name, endpoints])).toEqual(
        first.map(({ name, endpoints }) => [name, endpoints]),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('are unknown when they are not listed, also names of properties of Object.prototype', async () => {
    const found = await discovery({ services: ['web'], boot: 'empty' });
    for (const name of ODD_NAMES) expect(() => found.of(name)).toThrow(UnknownServiceError);
  });

  it.each(NO_NAMES)('%j is rejected', async (name) => {
    const found = await discovery();
    expect(() => found.of(name as string)).toThrow(InvalidOptionError);
    expect(() => found.pick(name as string)).toThrow(InvalidOptionError);
    await expect(found.service(name as string)).rejects.toThrow(InvalidOptionError);
    expect(found.names()).toEqual([]);
  });
});
