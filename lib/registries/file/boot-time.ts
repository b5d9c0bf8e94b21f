import { readFile, readlink } from 'node:fs/promises';
import { type Clock } from '../../common/clock.js';

/**
 * Measures time in milliseconds since the machine booted. All processes of the machine share this scale, and changes of
 * the wall clock do not affect it.
 */
export interface BootTime {
  /**
   * Identifies the boot of the machine. Times of two processes are comparable only if it is equal. Undefined if the
   * platform does not provide it.
   */
  readonly boot: string | undefined;
  now(): number;
}

async function bootId(): Promise<string | undefined> {
  try {
    const id = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    // A container may have its own time namespace.
    const scale = await readlink('/proc/self/ns/time').catch(() => '');
    return id === '' ? undefined : `${id}${scale}`;
  } catch {
    return undefined;
  }
}

/** Reads the boot time of this machine once. `clock` advances it. */
export async function bootTime(clock: Clock): Promise<BootTime> {
  const boot = await bootId();
  const offset = Number(process.hrtime.bigint()) / 1e6 - clock.now();
  return { boot, now: () => clock.now() + offset };
}
