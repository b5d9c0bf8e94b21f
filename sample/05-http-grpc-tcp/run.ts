/** A gateway and three appservers, one process each. */
import { run } from '../common/run.js';

await run(async ({ launcher }) => {
  const main = new URL('gateway/main.js', import.meta.url);
  const port = process.env.PORT ?? '3000';
  const { url } = await launcher.start('gateway', main, { env: { PORT: port }, essential: true });
  const appserver = new URL('appserver/main.js', import.meta.url);
  await Promise.all(
    [1, 2, 3].map((n) => launcher.start(`appserver-${n}`, appserver, { env: { PORT: '0' } })),
  );
  if (!launcher.stopping)
    console.log(
      `\nOpen ${url}   (also /grpc and /tcp; /services lists them, Ctrl-C ends all)\n` +
        `Watch ${url}/sidekick   (instances, calls and changes, live)\n`,
    );
});
