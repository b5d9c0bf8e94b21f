import { AsyncLocalStorage } from 'node:async_hooks';
import { type AcquireOptions, type Acquired, type LockRun } from '../../election/locks.js';
import { type Grant, type MethodCall, runGranted } from './granted-run.js';

/** The part of `Elections` that a method with `@Locked` uses. The provider of a test may leave it out. */
export interface GivenLocks {
  acquireLock?(name: string, options: AcquireOptions): Promise<Acquired>;
}

/** A run in progress, and the run that it is nested in. */
interface Held {
  readonly locks: GivenLocks;
  readonly run: LockRun;
  readonly outer: Held | undefined;
  /** False once the method has ended: code that it left running has the same async context. */
  running: boolean;
}

const storage = new AsyncLocalStorage<Held>();

/** Calls the method under the lock of `name`. Resolves to undefined without calling it when the lock is not free. */
export async function runLocked(
  locks: GivenLocks,
  name: string,
  options: AcquireOptions,
  call: MethodCall,
): Promise<unknown> {
  if (!locks.acquireLock) return await runGranted(unlocked(), call);
  const outer = outerRun(locks, name);
  if (outer) return await runGranted({ term: outer.term, signal: outer.signal, end: () => undefined }, call);
  const acquired = await locks.acquireLock(name, options);
  if (!acquired.granted) return undefined;
  const { run } = acquired;
  const held: Held = { locks, run, outer: storage.getStore(), running: true };
  const grant: Grant = {
    term: run.term,
    signal: run.signal,
    end: () => {
      held.running = false;
      run.end();
    },
  };
  return await storage.run(held, () => runGranted(grant, call));
}

/** The run of the same name that the caller is a part of. */
function outerRun(locks: GivenLocks, name: string): LockRun | undefined {
  for (let held = storage.getStore(); held; held = held.outer)
    if (held.locks === locks && held.run.name === name && held.running && held.run.isHeld) return held.run;
  return undefined;
}

/** In a test that provides `Elections` by an object of its own. */
function unlocked(): Grant {
  return { term: '0', signal: new AbortController().signal, end: () => undefined };
}
