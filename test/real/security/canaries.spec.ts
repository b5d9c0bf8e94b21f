import { jest } from '@jest/globals';
import { fork } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
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
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { sleep, until } from '../../harness/wait.js';
import { boot, recording } from './support.js';

jest.setTimeout(90_000);

/** Part of every secret. */
const CANARY = 'cAnArY7q';
const FORMS = [CANARY, encodeURIComponent(`${CANARY}/`), Buffer.from(CANARY).toString('base64')];

/** All output of the library, by any channel. */
class Told {
  readonly #texts: string[] = [];

  text(...texts: readonly unknown[]): void {
    for (const text of texts) this.#texts.push(String(text));
  }

  /** A value as it is printed, logged or sent. */
  value(value: unknown): void {
    this.text(value, inspect(value, { depth: 12 }), safely(value));
  }

  /** An error with all that hangs on it. */
  error(error: unknown): void {
    this.value(error);
    if (!(error instanceof Error)) return;
    this.text(error.message, error.stack);
    if (error.cause !== undefined) this.error(error.cause);
    for (const { error: inner } of (error as { failures?: readonly { error: Error }[] }).failures ?? [])
      this.error(inner);
  }

  /** What stands around the canary wherever it was seen. */
  get leaks(): readonly string[] {
    const around = (text: string): string[] =>
      FORMS.map((form) => text.indexOf(form))
        .filter((at) => at >= 0)
        .map((at) => text.slice(Math.max(0, at - 150), at + 40));
    return [...new Set(this.#texts.flatMap(around))].slice(0, 20);
  }

  get count(): number {
    return this.#texts.length;
  }
}

function safely(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return String(error);
  }
}

let told: Told;
let folder: string;
let cluster: EtcdCluster;
let agent: ConsulAgent;
let echo: Server;
let noise: TcpServer;
let echoPort: number;
let noisePort: number;
let keyPair: { readonly cert: string; readonly key: string };
const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);

beforeAll(async () => {
  folder = await tempFolder('canaries');
  [cluster, agent] = await Promise.all([startEtcd(), startConsul({ acl: true })]);
  await cluster.enableAuth('root');
  await cluster.addUser('app', CANARY, '/allowed/', 'readwrite');
  keyPair = CertificateAuthority.create('x').issue({ commonName: 'x' });
  let turn = 0;
  // Answers with what it was sent, as a proxy in the way that shows its errors would, in every shape.
  echo = createServer((request, response) => {
    const seen = JSON.stringify({ url: request.url, headers: request.headers });
    const shapes: readonly (readonly [number, string])[] = [
      [500, seen],
      [403, seen],
      [400, seen],
      [200, `<html>${seen}`],
      [200, seen],
      [200, JSON.stringify(seen)],
    ];
    const [status, body] = shapes[(turn += 1) % shapes.length]!;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  noise = createTcpServer((socket) => {
    socket.on('data', (data: Buffer) => socket.end(`HTTP/1.1 400 ${data.toString('latin1')}\r\n\r\n`));
    socket.on('error', () => undefined);
  });
  const listening = (server: Server | TcpServer): Promise<number> =>
    new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        resolve((server.address() as AddressInfo).port);
      }),
    );
  [echoPort, noisePort] = await Promise.all([listening(echo), listening(noise)]);
  process.on('unhandledRejection', onRejection);
});
beforeEach(() => {
  told = new Told();
});
afterEach(() => {
  told.value(rejections.splice(0));
  expect(told.count).toBeGreaterThan(5);
  expect(told.leaks).toEqual([]);
});
afterAll(async () => {
  process.off('unhandledRejection', onRejection);
  echo.closeAllConnections();
  await Promise.all([
    new Promise((resolve) => echo.close(resolve)),
    new Promise((resolve) => noise.close(resolve)),
    cluster.stop(),
    agent.stop(),
  ]);
  await removeFolder(folder);
});

/** Boots both modules on a registry in every mode, uses them, and hears all they say. */
async function drive(registry: string | RegistrySource | undefined): Promise<void> {
  if (typeof registry === 'object' && 'identity' in registry) told.value(registry);
  const logger = recording();
  const snapshot = join(folder, 'snapshot.json');
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
        told.error(error);
      }
    }),
  );
  told.text(...logger.lines);
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
      told.error(error);
    });
    told.value(sidekick.beats);
    told.value(events);
    told.text(inspect(sidekick, { depth: 12 }));
    return;
  } catch {
    // The other module.
  }
  const discovery = app.get(DiscoveryService);
  await discovery.refresh().catch((error: unknown) => {
    told.error(error);
  });
  await discovery.service('web').catch((error: unknown) => {
    told.error(error);
  });
  told.value(discovery.dump());
  told.text(inspect(discovery, { depth: 12 }));
}

async function program(
  run: typeof piloted,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const interrupt = new AbortController();
  const timer = setTimeout(() => {
    interrupt.abort();
  }, 400);
  try {
    const said = (text: string): void => {
      told.text(text);
    };
    const code = await run(args, {
      env,
      stdin: new PassThrough(),
      out: said,
      err: said,
      interrupted: interrupt.signal,
    });
    told.text(`code ${code}`);
  } catch (error) {
    told.error(error);
  } finally {
    clearTimeout(timer);
  }
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
      await program(piloted, ['ls', '--registry', url, 'web']);
      await program(piloted, ['watch', 'web'], { SIDEKICK_REGISTRY: url });
      await program(sidekicker, ['-key', 'k', '-servers', url]);
      await program(sidekicker, ['-key', 'k', '-servers', url, '-nope', url]);
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
        told.value(make());
      } catch (error) {
        told.error(error);
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
        told.error(error);
      }
    }
    // What is no PEM text is a path, and no message may show the path of a key.
    for (const source of [
      etcd({ endpoints: 'https://127.0.0.1:1', tls: { cert: keyPair.cert, key: CANARY } }),
      consul({ secure: true, tls: { cert: keyPair.cert, key: CANARY } }),
    ])
      await drive(source);
  });

  it('of credentials that fail: no server, noise, echoes, refusals, wrong passwords and unknown tokens', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, `${CANARY}\n`);
    const registries: readonly (string | RegistrySource)[] = [
      `etcd://u:${CANARY}@127.0.0.1:1`,
      `etcd://u:${CANARY}@127.0.0.1:${noisePort}?timeout=0.3`,
      `etcds://u:${CANARY}@127.0.0.1:${noisePort}?timeout=0.3`,
      `etcd://u:${CANARY}@127.0.0.1:${echoPort}?timeout=0.3`,
      `etcd://app:wrong${CANARY}@${cluster.hosts}`,
      `etcd://app:${CANARY}@${cluster.hosts}`,
      etcd({ endpoints: cluster.urls, username: 'app', password: CANARY }),
      etcd({ endpoints: 'https://127.0.0.1:1', tls: keyPair }),
      `consul://127.0.0.1:1?token=${CANARY}`,
      `consul://127.0.0.1:${noisePort}?token=${CANARY}`,
      `consul://127.0.0.1:${echoPort}?token=${CANARY}`,
      `consul://127.0.0.1:${echoPort}?tokenFile=${tokenFile}`,
      `consul://127.0.0.1:${agent.port}?token=${CANARY}`,
      consul({ port: agent.port, tokenFile }),
      consul({ port: echoPort, token: CANARY }),
    ];
    for (const registry of registries) {
      await drive(registry);
      // The programs stand on the same ground: two kinds of failure are enough.
      if (
        typeof registry !== 'string' ||
        !/wrong|:(?:ECHO)\?token/.test(registry.replace(`:${echoPort}`, ':ECHO'))
      )
        continue;
      await program(piloted, ['ls', '--registry', registry, 'web']);
      await program(sidekicker, ['-key', '/denied', '-verbose'], { SIDEKICK_REGISTRY: registry });
    }
    for (const endpoints of [`http://127.0.0.1:${noisePort}`, cluster.urls]) {
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
      for (const answer of asked) told.error(answer.status === 'rejected' ? answer.reason : answer.value);
      told.text(inspect(client, { depth: 12 }));
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
    told.text(...texts, 'one', 'two', 'three');
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });

  it('of a ContainerPilot file and of what the environment puts into it', async () => {
    const env = { TOKEN: CANARY, CONSUL_HTTP_TOKEN: CANARY, SECRET: CANARY };
    const consulOf = (token: string): string =>
      `consul: { address: "127.0.0.1:${echoPort}", token: ${token} }, watches: [{ name: "web", interval: 1 }]`;
    const files = [
      `{ ${consulOf(`"${CANARY}"`)} }`,
      `{ ${consulOf('"{{ .TOKEN }}"')} }`,
      `{ ${consulOf(`["${CANARY}"]`)} }`,
      `{ ${consulOf(`{ a: "${CANARY}" }`)} }`,
      `{ ${consulOf(`"${CANARY}`)} }`,
      `{ ${consulOf(`"${CANARY}", nope: 1`)} }`,
      `{ consul: "http://u:${CANARY}@127.0.0.1:1" }`,
      `{ consul: "{{ .TOKEN }}:x" }`,
      `{ consul: "127.0.0.1:1", watches: [{ name: "{{ .SECRET }}", interval: "{{ .SECRET }}" }] }`,
      `{ consul: "127.0.0.1:1", jobs: [{ name: "web", exec: "run --password=${CANARY}", port: "{{ .SECRET }}" }] }`,
      `{ consul: "127.0.0.1:1", {{ .SECRET }} }`,
      `{ consul: "127.0.0.1:1", {{ if }} "token": "${CANARY}" }`,
      `{ "token": "${CANARY}", {{ nope .SECRET }} }`,
      `{ consul: {{ .SECRET | split ":" | nope }} }`,
      `{ etcd: { endpoints: "http://u:${CANARY}@127.0.0.1:1", prefix: 7 }, backends: [] }`,
    ];
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      for (const text of files) {
        const config = join(folder, 'containerpilot.json5');
        await writeFile(config, text);
        const logger = recording();
        for (const make of [
          () => SidekickModule.forRoot({ config, key: 'k', logger }),
          () => PilotedModule.forRoot({ config, bootTimeout: 0.3, boot: 'fail', logger }),
        ])
          try {
            const app = await boot(make());
            await app.close();
          } catch (error) {
            told.error(error);
          }
        told.text(...logger.lines);
        await program(piloted, ['check', config], env);
        await program(piloted, ['ls', '--config', config], env);
        await program(piloted, ['watch', '--config', config, '--json'], env);
      }
    } finally {
      process.env = before;
    }
  });

  it('in files: neither in a snapshot nor in the folder of the embedded registry', async () => {
    await agent.request('/v1/agent/service/register', {
      method: 'PUT',
      body: { Name: 'web', ID: 'one', Address: '10.0.0.1', Port: 80 },
    });
    // A token that works: the canary is a password here.
    const registry = etcd({ endpoints: cluster.urls, prefix: '/allowed', username: 'app', password: CANARY });
    const logger = recording();
    const snapshot = join(folder, 'good.json');
    const app = await boot(
      SidekickModule.forRoot({ registry, logger }),
      PilotedModule.forRoot({ registry, services: ['web'], snapshot, logger }),
    );
    await app.get(Sidekick).announce({ name: 'web', id: 'one', address: '10.0.0.1', port: 80 });
    await until('the instance', () => app.get(DiscoveryService).endpoints('web').length === 1);
    told.value(app.get(DiscoveryService).dump());
    told.value(app.get(Sidekick).beats);
    await app.close();
    told.text(...logger.lines, await readFile(snapshot, 'utf8'));

    const local = join(folder, 'registry');
    process.env.TOKEN = CANARY;
    const embedded = await boot(
      SidekickModule.forRoot({ registry: `file:${local}`, key: 'k', value: 'v', logger }),
    );
    for (const file of await readdir(local, { recursive: true, withFileTypes: true }))
      if (file.isFile()) told.text(await readFile(join(file.parentPath, file.name), 'utf8'));
    await embedded.close();
    delete process.env.TOKEN;
    // Nor in the store itself, where every reader would see it.
    told.text(await cluster.etcdctl(['get', '', '--from-key']));
  });

  it('by a heartbeat thread: in what it says, in its errors, in the title and the arguments of its process', async () => {
    const script = fileURLToPath(new URL('./isolated-app.mjs', import.meta.url));
    const registries = [
      [`consul://127.0.0.1:${echoPort}?token=${CANARY}`, 'fail-fast'],
      [`consul://127.0.0.1:${echoPort}?token=${CANARY}`, 'patient'],
      [`etcd://app:wrong${CANARY}@${cluster.hosts}`, 'fail-fast'],
      [`etcd://app:${CANARY}@127.0.0.1:1`, 'patient'],
      [`consul://127.0.0.1:1?tokn=${CANARY}`, 'fail-fast'],
    ] as const;
    await Promise.all(
      registries.map(async ([registry, mode]) => {
        const child = fork(script, [mode], {
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
          env: { ...process.env, SIDEKICK_REGISTRY: registry },
        });
        for (const stream of [child.stdout!, child.stderr!])
          stream.on('data', (data: Buffer) => {
            told.text(data.toString());
          });
        const ended = new Promise((resolve) => child.once('exit', resolve));
        const heard = await new Promise((resolve) => {
          child.once('message', resolve);
          child.once('exit', resolve);
        });
        if (heard === 'ready') {
          await sleep(300);
          for (const name of ['cmdline', 'comm'])
            told.text(await readFile(`/proc/${child.pid!}/${name}`, 'utf8').catch(() => process.title));
          child.send('end');
        }
        await ended;
        told.text(heard);
      }),
    );
  });
});
