import { readFile, readlink } from 'node:fs/promises';
import { type Clock } from '../../common/clock.js';

/** Milliseconds since the machine was started: a scale that its processes share and that no moved wall clock touches. */
export interface BootTime {
  /**
   * Which start of which machine the scale belongs to; times are compared only where it is the same. Undefined where
   * the platform does not tell.
   */
  readonly boot: string | undefined;
  now(): number;
}

async function bootId(): Promise<string | undefined> {
  try {
    const id = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    // A container may have a time scale of its own.
    const scale = await readlink('/proc/self/ns/time').catch(() => '');
    return id === '' ? undefined : `${id}${scale}`;
  } catch {
    return undefined;
  }
}

/** The boot time of this machine, moved on by `clock`. */
export async function bootTime(clock: Clock): Promise<BootTime> {
  const boot = await bootId();
  const offset = Number(process.hrtime.bigint()) / 1e6 - clock.now();
  return { boot, now: () => clock.now() + offset };
}
