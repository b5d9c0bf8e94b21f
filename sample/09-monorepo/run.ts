/** Two applications of one repository: orders calls two instances of billing by its name. */
import { showRequests } from '../common/requests.js';
import { run } from '../common/run.js';

const billing = new URL('apps/billing/main.js', import.meta.url);

await run(async ({ launcher }) => {
  await Promise.all([1, 2].map((n) => launcher.start(`billing-${n}`, billing)));
  const { url } = await launcher.start('orders', new URL('apps/orders/main.js', import.meta.url));
  await showRequests(`${url}/orders/17`, 4);
  console.log(`Open ${url}/orders/17   (Ctrl-C ends all)`);
});
