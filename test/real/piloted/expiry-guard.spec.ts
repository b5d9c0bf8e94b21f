import { rename } from 'node:fs/promises';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { consul } from '../../../lib/registries/consul/index.js';
import { file } from '../../../lib/registries/file/file.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';
import { startConsul } from '../../harness/consul.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';
import { discover, type Discovering } from './support.js';

const { signal } = new AbortController();
const NAMES = ['a', 'b', 'c', 'd'];

/** Seconds: far longer than the test waits for what must happen at once. */
const GRACE = 60;

interface Place {
  readonly source: RegistrySource;
  /** Loses every entry, as no instance would withdraw it. */
  lose(): Promise<void>;
  clean(): Promise<void>;
}

async function onConsul(): Promise<Place> {
  const agent = await startConsul();
  return {
    source: consul({ host: agent.host, port: agent.port }),
    lose: async () => {
      await agent.kill();
      await agent.restart();
    },
    clean: () => agent.stop(),
  };
}

async function onFiles(): Promise<Place> {
  const folder = await tempFolder('guard');
  return {
    source: file(folder),
    lose: async () => {
      await rename(folder, `${folder}.gone`);
      await removeFolder(`${folder}.gone`);
    },
    clean: () => removeFolder(folder),
  };
}

/** One session an instance, as one process each would have. */
async function announce(registry: Registry, ttl: number): Promise<Session[]> {
  return await Promise.all(
    NAMES.map(async (id) => {
      const session = await registry.openSession({ ttl }, signal);
      const instance = completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80 });
      await session.write({ kind: 'instance', instance }, undefined, signal);
      return session;
    }),
  );
}

describe.each([
  ['Consul', onConsul],
  ['files', onFiles],
])('The expiry guard on %s', (_registry, prepare) => {
  let place: Place;
  let registry: Registry;
  let client: Discovering | undefined;
  beforeEach(async () => {
    place = await prepare();
    registry = await place.source.open({ clock: systemClock, random: Math.random, logger: silentLogger });
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await registry.close();
    await place.clean();
  });

  async function discovering(): Promise<Discovering> {
    client = await discover({ registry: place.source, expiryGuard: { grace: GRACE } });
    await client.discovery.service('web');
    await until('all four', () => client?.ids('web').length === NAMES.length);
    return client;
  }

  it('lets instances that are stopped cleanly go at once', async () => {
    const sessions = await announce(registry, 30);
    const { ids } = await discovering();
    await Promise.all(sessions.slice(1).map((session) => session.end(signal)));
    await until('the one that is left', () => ids('web').join() === 'a');
    await sessions[0]?.end(signal);
    await until('an empty list', () => ids('web').length === 0);
  });

  it('keeps instances that expire together', async () => {
    // Longer than the boot on a busy machine.
    await announce(registry, 10);
    const { discovery, ids } = await discovering();
    await until('the registry to list none', async () => {
      const { entries } = await registry.list({ kind: 'service', service: 'web' }, signal);
      return entries.length === 0;
    });
    // A refresh has seen the empty list; one alone may expire at any time.
    await discovery.refresh('web');
    expect(ids('web').length).toBeGreaterThanOrEqual(NAMES.length - 1);
  });

  it('keeps instances whose registry has lost its data', async () => {
    await announce(registry, 300);
    const { discovery, ids } = await discovering();
    await place.lose();
    await until('a list from the registry', () =>
      discovery.refresh('web').then(
        () => true,
        () => false,
      ),
    );
    expect(ids('web')).toEqual(NAMES);
  });
});
