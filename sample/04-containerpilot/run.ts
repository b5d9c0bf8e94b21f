/** An application with the file of ContainerPilot: `orders` is registered by it, and `stock` is watched. */
import { fileURLToPath } from 'node:url';
import { freePort } from '../common/free-port.js';
import { showRequests } from '../common/requests.js';
import { run } from '../common/run.js';
import { until } from '../common/until.js';

// The path starts at the compiled file, in `dist`.
const config = fileURLToPath(new URL('../../04-containerpilot/containerpilot.json5', import.meta.url));

await run(async ({ launcher }) => {
  const port =
    process.env.PORT === undefined || process.env.PORT === '0' ? await freePort() : process.env.PORT;
  const env = { CONTAINERPILOT: config, ORDERS_PORT: String(port) };
  const { url } = await launcher.start('orders', new URL('main.js', import.meta.url), { env });
  await showRequests(url, 1);
  await launcher.start('stock', new URL('stock.js', import.meta.url));
  await until('orders to know stock', async () => (await (await fetch(url)).text()).includes('127.0.0.1'));
  await showRequests(url, 1);
  console.log(`Open ${url}   (Ctrl-C ends all)`);
});
