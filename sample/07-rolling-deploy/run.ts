/** Three instances are replaced by a new version, one after the other, under load. */
import { showRequests } from '../common/requests.js';
import { run } from '../common/run.js';

const shop = new URL('shop.js', import.meta.url);

await run(async ({ launcher }) => {
  const start = async (n: number, version: string) =>
    await launcher.start(`shop-${n}-${version}`, shop, { env: { VERSION: version } });
  const old = await Promise.all([1, 2, 3].map((n) => start(n, 'v1')));
  const { url } = await launcher.start('caller', new URL('caller.js', import.meta.url));
  await showRequests(url, 1);
  for (const [index, { part }] of old.entries()) {
    // Listening and registered when it resolves; then the old one may go.
    await start(index + 1, 'v2');
    await part.end('SIGTERM');
    console.log(`${part.name} is replaced by shop-${index + 1}-v2`);
  }
  await showRequests(url, 1);
  console.log(`Open ${url}   (Ctrl-C ends all)`);
});
