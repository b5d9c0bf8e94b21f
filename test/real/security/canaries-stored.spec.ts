import { fork } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { piloted } from '../../../lib/cli/piloted.js';
import { etcd } from '../../../lib/etcd/index.js';
import { DiscoveryService, PilotedModule, Sidekick, SidekickModule } from '../../../lib/index.js';
import { sleep, until } from '../../harness/wait.js';
import { boot, recording } from './support.js';
import { canaryWorld } from './canary-world.js';
import { CANARY } from './output-record.js';

const world = canaryWorld();

describe('A secret is shown nowhere', () => {
  it('of a ContainerPilot file and of what the environment puts into it', async () => {
    const env = { TOKEN: CANARY, CONSUL_HTTP_TOKEN: CANARY, SECRET: CANARY };
    const consulOf = (token: string): string =>
      `consul: { address: "127.0.0.1:${world.hostile.echoPort}", token: ${token} }, watches: [{ name: "web", interval: 1 }]`;
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
        const config = join(world.folder, 'containerpilot.json5');
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
            world.output.error(error);
          }
        world.output.text(...logger.lines);
        await world.program(piloted, ['check', config], env);
        await world.program(piloted, ['ls', '--config', config], env);
        await world.program(piloted, ['watch', '--config', config, '--json'], env);
      }
    } finally {
      process.env = before;
    }
  });

  it('in files: neither in a snapshot nor in the folder of the embedded registry', async () => {
    await world.agent.request('/v1/agent/service/register', {
      method: 'PUT',
      body: { Name: 'web', ID: 'one', Address: '10.0.0.1', Port: 80 },
    });
    // A token that works: the canary is a password here.
    const registry = etcd({
      endpoints: world.cluster.urls,
      prefix: '/allowed',
      username: 'app',
      password: CANARY,
      headerTimeoutPerRequest: 20,
    });
    const logger = recording();
    const snapshot = join(world.folder, 'good.json');
    const app = await boot(
      SidekickModule.forRoot({ registry, logger }),
      PilotedModule.forRoot({ registry, services: ['web'], snapshot, logger }),
    );
    await app.get(Sidekick).announce({ name: 'web', id: 'one', address: '10.0.0.1', port: 80 });
    await until('the instance', () => app.get(DiscoveryService).endpoints('web').length === 1);
    world.output.value(app.get(DiscoveryService).dump());
    world.output.value(app.get(Sidekick).beats);
    await app.close();
    world.output.text(...logger.lines, await readFile(snapshot, 'utf8'));

    const local = join(world.folder, 'registry');
    process.env.TOKEN = CANARY;
    const embedded = await boot(
      SidekickModule.forRoot({ registry: `file:${local}`, key: 'k', value: 'v', logger }),
    );
    for (const file of await readdir(local, { recursive: true, withFileTypes: true }))
      if (file.isFile()) world.output.text(await readFile(join(file.parentPath, file.name), 'utf8'));
    await embedded.close();
    delete process.env.TOKEN;
    // Nor in the store itself, where every reader would see it.
    world.output.text(await world.cluster.etcdctl(['get', '', '--from-key']));
  });

  it('by a heartbeat thread: in what it says, in its errors, in the title and the arguments of its process', async () => {
    const script = fileURLToPath(new URL('./isolated-app.mjs', import.meta.url));
    const registries = [
      [`consul://127.0.0.1:${world.hostile.echoPort}?token=${CANARY}`, 'fail-fast'],
      [`consul://127.0.0.1:${world.hostile.echoPort}?token=${CANARY}`, 'patient'],
      [`etcd://app:wrong${CANARY}@${world.cluster.hosts}`, 'fail-fast'],
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
            world.output.text(data.toString());
          });
        const ended = new Promise((resolve) => child.once('exit', resolve));
        const heard = await new Promise((resolve) => {
          child.once('message', resolve);
          child.once('exit', resolve);
        });
        if (heard === 'ready') {
          await sleep(300);
          for (const name of ['cmdline', 'comm'])
            world.output.text(
              await readFile(`/proc/${child.pid!}/${name}`, 'utf8').catch(() => process.title),
            );
          child.send('end');
        }
        await ended;
        world.output.text(heard);
      }),
    );
  });
});
