/** Three workers with the same cron job, which runs once for all of them. */
import { run } from '../common/run.js';

const main = new URL('main.js', import.meta.url);

await run(async ({ launcher }) => {
  const workers = await Promise.all([1, 2, 3].map((n) => launcher.start(`worker-${n}`, main)));
  const pids = workers.map(({ part }) => `${part.name}: ${part.pid ?? '?'}`).join(', ');
  console.log(`\nOne worker prints a report each second (${pids}).`);
  console.log('End it with `kill PID`, and another one continues   (Ctrl-C ends all)\n');
});
