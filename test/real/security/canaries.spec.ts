import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { piloted } from '../../../lib/cli/piloted.js';
import { sidekicker } from '../../../lib/cli/sidekicker.js';
import { consul, type ConsulOptions } from '../../../lib/registries/consul/index.js';
import {
  EtcdClient,
  EtcdModule,
  type EtcdModuleOptions,
  etcd,
  type EtcdOptions,
} from '../../../lib/etcd/index.js';
import {
  DiscoveryService,
  PilotedModule,
  type RegistrySource,
  Sidekick,
  SidekickModule,
} from '../../../lib/index.js';
import { CertificateAuthority } from '../../harness/certificates.js';
import { boot, recording } from './support.js';
import { canaryWorld } from './canary-world.js';
import { CANARY } from './output-record.js';

const world = canaryWorld();
let keyPair: { readonly cert: string; readonly key: string };
beforeAll(() => {
  keyPair = CertificateAuthority.create('x').issue({ commonName: 'x' });
});

/** Boots both modules on a registry in every mode, uses them, and hears all they say. */
async function drive(registry: string | RegistrySource | undefined): Promise<void> {
  if (typeof registry === 'object' && 'identity' in registry) world.output.value(registry);
  const logger = recording();
  const snapshot = join(world.folder, 'snapshot.json');
  const modules = [
    () => SidekickModule.forRoot({ ...named(registry), key: '/denied', logger }),
    () => SidekickModule.forRoot({ ...named(registry), key: '/denied', failFast: false, logger }),
    () =>
      PilotedModule.forRoot({
        ...named(registry),
        services: ['web'],
        boot: 'fail',
        bootTimeout: 0.3,
        logger,
      }),
    () =>
      PilotedModule.forRoot({ ...named(registry), services: ['web'], bootTimeout: 0.3, snapshot, logger }),
  ];
  // One after the other where something may be opened: the connection is shared otherwise.
  await Promise.all(
    modules.map(async (make) => {
      try {
        const app = await boot(make());
        try {
          await use(app);
        } finally {
          await app.close();
        }
      } catch (error) {
        world.output.error(error);
      }
    }),
  );
  world.output.text(...logger.lines);
}

function named(registry: string | RegistrySource | undefined): { registry?: string | RegistrySource } {
  return registry === undefined ? {} : { registry };
}

async function use(app: { get: <T>(type: abstract new (...given: never[]) => T) => T }): Promise<void> {
  try {
    const sidekick = app.get(Sidekick);
    const events: unknown[] = [];
    sidekick.events.subscribe((event) => events.push(event));
    await sidekick.keep('/denied/too').catch((error: unknown) => {
      world.output.error(error);
    });
    world.output.value(sidekick.beats);
    world.output.value(events);
    world.output.text(inspect(sidekick, { depth: 12 }));
    return;
  } catch {
    // The other module.
  }
  const discovery = app.get(DiscoveryService);
  await discovery.refresh().catch((error: unknown) => {
    world.output.error(error);
  });
  await discovery.service('web').catch((error: unknown) => {
    world.output.error(error);
  });
  world.output.value(discovery.dump());
  world.output.text(inspect(discovery, { depth: 12 }));
}

describe('A secret is shown nowhere', () => {
  it('of a URL that is refused, as the option and in the environment', async () => {
    const urls = [
      `zookeeper://u:${CANARY}@h:1`,
      `u:${CANARY}@h:1`,
      `${CANARY}@h:1`,
      `etcd://u:${CANARY}@`,
      `etcd://u:a/${CANARY}@h:1`,
      `etcd://u:a?${CANARY}@h:1`,
      `etcd://u:a#${CANARY}@h:1`,
      `etcd://u:${CANARY}@h:99999`,
      `etcd://u:${CANARY}%@h:1`,
      `etcd://:${CANARY}@h:1`,
      `etcd://u:${CANARY}@h:1?tokn=${CANARY}`,
      `etcd://h:1?password=${CANARY}`,
      `etcd://h:1?tls=${CANARY}`.replace(CANARY, 'maybe'),
      `etcd://h:1?timeout=5&timeout=6&pass=${CANARY}`,
      `etcd://h:1#${CANARY}`,
      `http://u:${CANARY}@h:1,ftp://u:${CANARY}@h:2`,
      `http://u:${CANARY}@h:1/path`,
      `consul://h:1?tokn=${CANARY}`,
      `consul://h:1?token=${CANARY}&token=${CANARY}`,
      `consul://h:1?token=${CANARY}&tokenFile=x`,
      `consul://h:1?token=a%20${CANARY}`,
      `consul://h:1?${CANARY}`,
      `consul://h:1/?token=${CANARY}#x`,
      `consul://${CANARY}@h:1`,
      `consul://u:${CANARY}#@h:1`,
      `consul://h:1/v1?token=${CANARY}`,
      `consul://h:x?token=${CANARY}`,
      `consul://h:1?ca=x&token=${CANARY}`,
      `file:dir?token=${CANARY}`,
      `file://u:${CANARY}@h/dir`,
      `memory:x?token=${CANARY}`,
      `fixed:web?token=${CANARY}`,
      `fixed:u:${CANARY}@h:1`,
      `dns:example.org?token=${CANARY}`,
      `dns://u:${CANARY}@h`,
    ];
    for (const url of urls) {
      await drive(url);
      process.env.SIDEKICK_REGISTRY = url;
      try {
        await drive(undefined);
      } finally {
        delete process.env.SIDEKICK_REGISTRY;
      }
      await world.program(piloted, ['ls', '--registry', url, 'web']);
      await world.program(piloted, ['watch', 'web'], { SIDEKICK_REGISTRY: url });
      await world.program(sidekicker, ['-key', 'k', '-servers', url]);
      await world.program(sidekicker, ['-key', 'k', '-servers', url, '-nope', url]);
    }
  });

  it('of options that are refused', async () => {
    const wrong: readonly (() => unknown)[] = [
      () => etcd({ endpoints: `ftp://u:${CANARY}@h` }),
      () => etcd({ endpoints: [`http://u:${CANARY}@h:1`] }),
      () => etcd({ endpoints: { url: `http://u:${CANARY}@h:1` } as never }),
      () => etcd({ endpoints: 'h', username: '', password: CANARY }),
      () => etcd({ endpoints: 'h', username: 'u', password: [CANARY] as never }),
      () => etcd({ endpoints: 'h', password: CANARY }),
      () => etcd({ endpoints: 'h', passwd: CANARY } as EtcdOptions),
      () => etcd({ endpoints: 'h', tls: { key: CANARY } }),
      () => etcd({ endpoints: 'h', tls: { passphrase: CANARY } } as EtcdOptions),
      () => etcd(`etcd://u:${CANARY}@h` as never),
      () => consul({ token: `${CANARY}\n` }),
      () => consul({ token: [CANARY] as never }),
      () => consul({ token: CANARY, tokenFile: 'x' }),
      () => consul({ tokn: CANARY } as ConsulOptions),
      () => consul({ host: `u:${CANARY}@h`, token: CANARY }),
      () => consul({ secure: true, tls: { key: CANARY } }),
      () => consul({ secure: true, tls: { cert: keyPair.cert, key: 7 as never } }),
    ];
    for (const make of wrong) {
      try {
        world.output.value(make());
      } catch (error) {
        world.output.error(error);
      }
    }
    for (const registry of [
      { url: `etcd://u:${CANARY}@h` },
      { password: CANARY },
      [`etcd://u:${CANARY}@h`],
    ] as never[])
      await drive(registry);
    for (const options of [
      { endpoints: `ftp://u:${CANARY}@h` },
      { endpoints: 'h', username: 'u', password: CANARY, srv: 'x' },
      { endpoints: 'h', username: 'u', password: CANARY, headerTimeoutPerRequest: 0 },
      `etcd://u:${CANARY}@h`,
    ] as EtcdModuleOptions[]) {
      try {
        await boot(EtcdModule.forRoot(options));
      } catch (error) {
        world.output.error(error);
      }
    }
    // A string that is not PEM is a path, and no message may show the path of a key.
    for (const source of [
      etcd({ endpoints: 'https://127.0.0.1:1', tls: { cert: keyPair.cert, key: CANARY } }),
      consul({ secure: true, tls: { cert: keyPair.cert, key: CANARY } }),
    ])
      await drive(source);
  });

  it('of credentials that fail: no server, noise, echoes, refusals, wrong passwords and unknown tokens', async () => {
    const tokenFile = join(world.folder, 'token');
    await writeFile(tokenFile, `${CANARY}\n`);
    const registries: readonly (string | RegistrySource)[] = [
      `etcd://u:${CANARY}@127.0.0.1:1`,
      `etcd://u:${CANARY}@127.0.0.1:${world.hostile.noisePort}?timeout=0.3`,
      `etcds://u:${CANARY}@127.0.0.1:${world.hostile.noisePort}?timeout=0.3`,
      `etcd://u:${CANARY}@127.0.0.1:${world.hostile.echoPort}?timeout=0.3`,
      `etcd://app:wrong${CANARY}@${world.cluster.hosts}`,
      `etcd://app:${CANARY}@${world.cluster.hosts}`,
      etcd({ endpoints: world.cluster.urls, username: 'app', password: CANARY }),
      etcd({ endpoints: 'https://127.0.0.1:1', tls: keyPair }),
      `consul://127.0.0.1:1?token=${CANARY}`,
      `consul://127.0.0.1:${world.hostile.noisePort}?token=${CANARY}`,
      `consul://127.0.0.1:${world.hostile.echoPort}?token=${CANARY}`,
      `consul://127.0.0.1:${world.hostile.echoPort}?tokenFile=${tokenFile}`,
      `consul://127.0.0.1:${world.agent.port}?token=${CANARY}`,
      consul({ port: world.agent.port, tokenFile }),
      consul({ port: world.hostile.echoPort, token: CANARY }),
    ];
    for (const registry of registries) {
      await drive(registry);
      // The programs stand on the same ground: two kinds of failure are enough.
      if (
        typeof registry !== 'string' ||
        !/wrong|:(?:ECHO)\?token/.test(registry.replace(`:${world.hostile.echoPort}`, ':ECHO'))
      )
        continue;
      await world.program(piloted, ['ls', '--registry', registry, 'web']);
      await world.program(sidekicker, ['-key', '/denied', '-verbose'], { SIDEKICK_REGISTRY: registry });
    }
    for (const endpoints of [`http://127.0.0.1:${world.hostile.noisePort}`, world.cluster.urls]) {
      const options = { endpoints, username: 'app', password: CANARY, debug: true };
      const app = await boot(EtcdModule.forRoot(options));
      const client = app.get(EtcdClient);
      const asked = await Promise.allSettled([
        client.keys.get('/denied'),
        client.keys.set('/allowed/x', 'value'),
        client.auth.users.add('eve', CANARY),
        client.auth.users.changePassword('eve', CANARY),
        client.version(),
        client.sync(),
      ]);
      for (const answer of asked)
        world.output.error(answer.status === 'rejected' ? answer.reason : answer.value);
      world.output.text(inspect(client, { depth: 12 }));
      await app.close();
    }
  });

  it('of a private key, in memory or in an error', async () => {
    const secret = keyPair.key.split('\n')[3]!;
    const app = await boot(EtcdModule.forRoot({ endpoints: 'https://127.0.0.1:1', tls: keyPair }));
    const texts = [inspect(app.get(EtcdClient), { depth: 12 })];
    const source = consul({ secure: true, port: 1, tls: keyPair, token: CANARY });
    texts.push(inspect(source, { depth: 12 }), JSON.stringify(source));
    for (const options of [
      { endpoints: 'h', tls: { ...keyPair, serverName: 7 } },
      { endpoints: 'h', tls: [keyPair] },
    ])
      try {
        etcd(options as never);
      } catch (error) {
        texts.push(inspect(error, { depth: 12 }));
      }
    await app.close();
    world.output.text(...texts, 'one', 'two', 'three');
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });
});
