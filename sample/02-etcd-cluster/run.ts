/** The application of the quick start on a cluster of three etcd members, one of which fails. */
import { freePort } from '../common/free-port.js';
import { showRequests, untilNamed } from '../common/requests.js';
import { run } from '../common/run.js';

const main = new URL('../01-quick-start/main.js', import.meta.url);
const NAMES = ['etcd-1', 'etcd-2', 'etcd-3'];

await run(async ({ launcher, servers }) => {
  const members = await Promise.all(
    NAMES.map(async (name) => ({ name, clients: await freePort(), peers: await freePort() })),
  );
  const cluster = members.map(({ name, peers }) => `${name}=http://127.0.0.1:${peers}`).join(',');
  const [, follower] = await Promise.all(
    members.map(async ({ name, clients, peers }) => {
      const [clientUrl, peerUrl] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`];
      const options = {
        name,
        'data-dir': await servers.data(name),
        'listen-client-urls': clientUrl,
        'advertise-client-urls': clientUrl,
        'listen-peer-urls': peerUrl,
        'initial-advertise-peer-urls': peerUrl,
        'initial-cluster': cluster,
      };
      const args = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
      return await servers.start(process.env.ETCD_BIN ?? 'etcd', args, `${clientUrl}/health`);
    }),
  );

  const registry = `etcd://${members.map(({ clients }) => `127.0.0.1:${clients}`).join(',')}`;
  console.log(`\nSIDEKICK_REGISTRY=${registry}\n`);
  const { url } = await launcher.start('web-1', main, { env: { SIDEKICK_REGISTRY: registry } });
  await launcher.start('web-2', main, { env: { SIDEKICK_REGISTRY: registry, PORT: '0' } });
  await untilNamed(url, 2);
  await showRequests(url, 2);

  await follower?.kill();
  console.log('etcd-2 was killed. Two of three members are a majority, so instances still register:');
  await launcher.start('web-3', main, { env: { SIDEKICK_REGISTRY: registry, PORT: '0' } });
  await untilNamed(url, 3);
  await showRequests(url, 3);
  console.log(`Open ${url}   (Ctrl-C ends all)`);
});
