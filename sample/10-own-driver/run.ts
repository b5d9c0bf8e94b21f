/** Two instances on a registry of one's own, reached by a driver of about 130 lines. */
import { showRequests, untilNamed } from '../common/requests.js';
import { run } from '../common/run.js';
import { startStore } from './store.js';

const main = new URL('main.js', import.meta.url);

await run(async ({ launcher, servers }) => {
  const store = await startStore(0);
  servers.own(store.stop);
  const env = { STORE: store.url };
  const { url } = await launcher.start('web-1', main, { env });
  await launcher.start('web-2', main, { env: { ...env, PORT: '0' } });
  await untilNamed(url, 2);
  await showRequests(url, 4);
  console.log(`Open ${url}   (Ctrl-C ends all)`);
});
