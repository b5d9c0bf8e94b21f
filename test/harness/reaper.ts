import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Sees to it that no server outlives this process, even when it is killed with SIGKILL: a small process of its own
 * watches a pipe. It runs as long as there is something to watch, so that it never counts as a leftover itself.
 */
class Reaper {
  private readonly groups = new Set<number>();
  private child: ChildProcess | undefined;

  watch(pid: number): void {
    this.groups.add(pid);
    this.child ??= spawn(process.execPath, [fileURLToPath(new URL('reaper-process.mjs', import.meta.url))], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    this.child.stdin?.write(`+${pid}\n`);
  }

  async release(pid: number): Promise<void> {
    if (!this.groups.delete(pid)) return;
    this.child?.stdin?.write(`-${pid}\n`);
    if (this.groups.size > 0 || !this.child) return;
    const child = this.child;
    this.child = undefined;
    child.stdin?.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

export const reaper = new Reaper();
