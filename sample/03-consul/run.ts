/** The application of the quick start on a Consul agent, and what Consul's own API shows of it. */
import { freePort } from '../common/free-port.js';
import { showRequests, untilNamed } from '../common/requests.js';
import { run } from '../common/run.js';

const main = new URL('../01-quick-start/main.js', import.meta.url);

await run(async ({ launcher, servers }) => {
  const [http, server, serf, wan] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const api = `http://127.0.0.1:${http}`;
  const args = [
    ...['agent', '-dev', '-bind=127.0.0.1', '-client=127.0.0.1', `-http-port=${http}`],
    ...[`-server-port=${server}`, `-serf-lan-port=${serf}`, `-serf-wan-port=${wan}`],
    ...['-dns-port=-1', '-grpc-port=-1'],
  ];
  await servers.start(process.env.CONSUL_BIN ?? 'consul', args, `${api}/v1/health/state/passing`);

  const registry = `consul://127.0.0.1:${http}`;
  console.log(`\nSIDEKICK_REGISTRY=${registry}`);
  const { url } = await launcher.start('web-1', main, { env: { SIDEKICK_REGISTRY: registry } });
  await launcher.start('web-2', main, { env: { SIDEKICK_REGISTRY: registry, PORT: '0' } });
  await untilNamed(url, 2);
  await showRequests(url, 4);
  const health = `${api}/v1/health/service/web?passing`;
  const found = (await (await fetch(health)).json()) as { Service: { ID: string; Port: number } }[];
  console.log(`GET ${health}`);
  for (const { Service } of found) console.log(`  ${Service.ID} on port ${Service.Port}`);
  console.log(`\nOpen ${url}, or ${api}/ui   (Ctrl-C ends all)`);
});
