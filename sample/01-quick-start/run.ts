/** Two instances of one application, which register and find each other. */
import { showRequests, untilNamed } from '../common/requests.js';
import { run } from '../common/run.js';

const main = new URL('main.js', import.meta.url);

await run(async ({ launcher }) => {
  const { url } = await launcher.start('web-1', main);
  await launcher.start('web-2', main, { env: { PORT: '0' } });
  await untilNamed(url, 2);
  await showRequests(url, 4);
  console.log(`Open ${url}   (Ctrl-C ends all)`);
});
