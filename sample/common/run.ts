import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Launcher, StoppedError } from './launcher.js';
import { Servers } from './servers.js';

/** What the script of a sample works with. */
export interface Sample {
  /** Starts the processes of the sample. */
  readonly launcher: Launcher;
  /** Starts the servers of a registry, which end after the processes. */
  readonly servers: Servers;
  /** A folder for files of this run. */
  readonly folder: string;
}

/**
 * Runs the script of a sample, and ends everything on Ctrl-C. Without SIDEKICK_REGISTRY the processes use a folder of this
 * run as their registry, so that two running samples do not meet.
 */
export async function run(script: (sample: Sample) => Promise<void>): Promise<void> {
  const named = process.env.SIDEKICK_REGISTRY?.trim();
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-sample-'));
  const launcher = new Launcher({
    ...process.env,
    ...(!named && { SIDEKICK_REGISTRY: `file:${join(folder, 'registry')}` }),
  });
  const servers = new Servers(folder);
  process.on('SIGINT', () => launcher.stop('SIGINT'));
  process.on('SIGTERM', () => launcher.stop('SIGTERM'));
  // The applications take SIGHUP as the signal to refresh their lists, so it is not forwarded.
  process.on('SIGHUP', () => launcher.stop('SIGTERM'));
  try {
    await Promise.race([script({ launcher, servers, folder }), launcher.stopped]);
  } catch (error) {
    if (!(error instanceof StoppedError) && !launcher.stopping) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
    launcher.stop('SIGTERM');
  } finally {
    await launcher.ended();
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
