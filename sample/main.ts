/** Starts a gateway and three appservers, one process each, and ends them together. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Launcher } from './launcher/launcher.js';

// A separate folder for each run, so that two running samples do not meet. Applications leave SIDEKICK_REGISTRY unset.
const named = process.env.SIDEKICK_REGISTRY?.trim();
const folder = named ? undefined : await mkdtemp(join(tmpdir(), 'nestjs-sidekick-sample-'));

const launcher = new Launcher({ ...process.env, ...(folder && { SIDEKICK_REGISTRY: `file:${folder}` }) });
process.on('SIGINT', () => launcher.stop('SIGINT'));
process.on('SIGTERM', () => launcher.stop('SIGTERM'));
// The gateway takes SIGHUP as the signal to refresh its lists, so it is not forwarded.
process.on('SIGHUP', () => launcher.stop('SIGTERM'));

try {
  const gateway = await launcher.start('gateway', new URL('gateway/main.js', import.meta.url));
  const appserver = new URL('appserver/main.js', import.meta.url);
  await Promise.all([1, 2, 3].map((n) => launcher.start(`appserver-${n}`, appserver)));
  if (!launcher.stopping)
    console.log(
      `\nOpen ${gateway}   (also /grpc and /tcp; /services lists them, Ctrl-C ends all)\n` +
        `Watch ${gateway}/sidekick   (instances, calls and changes, live)\n`,
    );
  await launcher.ended();
} finally {
  if (folder) await rm(folder, { recursive: true, force: true });
}
