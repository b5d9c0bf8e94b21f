import { setTimeout as sleep } from 'node:timers/promises';

const REPOSITORY = new URL('../../', import.meta.url);

/** The handles of this process that were opened after this object was created. */
export class Leftovers {
  /** Running timers of the watched context, each with the place where it was started. */
  timers = new Map();

  /** @param {typeof globalThis} context the globals of a spec file; its timers are watched from now on */
  constructor(context) {
    this.context = context;
    this.before = new Set(open());
    const { setTimeout, setInterval, clearTimeout, clearInterval } = context;
    this.original = { setTimeout, setInterval, clearTimeout, clearInterval };
    context.setTimeout = this.starting(setTimeout, 'setTimeout');
    context.setInterval = this.starting(setInterval, 'setInterval');
    context.clearTimeout = this.ending(clearTimeout);
    context.clearInterval = this.ending(clearInterval);
  }

  /** Resolves with the names of what is left: with none as soon as that is so, else after `deadline` ms. */
  async wait(deadline) {
    const end = performance.now() + deadline;
    for (;;) {
      // Asked before the turn: a process that got no processor for that long looks once more.
      const isLast = performance.now() > end;
      // What has just ended needs a turn of the event loop to show it.
      await sleep(5);
      const names = this.names();
      if (names.length === 0 || isLast) return names;
    }
  }

  /** Gives the context its own timers back. */
  stop() {
    Object.assign(this.context, this.original);
    this.timers.clear();
  }

  names() {
    const handles = open().filter((handle) => !this.before.has(handle));
    const timers = [...this.timers].filter(([timer]) => timer.hasRef() && !timer._destroyed);
    return [...handles.map(describe), ...timers.map(([, { kind, at }]) => `${kind} ${place(at.stack)}`)];
  }

  starting(original, kind) {
    const start = (run, delay, ...args) => {
      const at = {};
      Error.captureStackTrace(at, start);
      const timer = original(
        (...given) => {
          if (kind === 'setTimeout') this.timers.delete(timer);
          run(...given);
        },
        delay,
        ...args,
      );
      this.timers.set(timer, { kind, at });
      return timer;
    };
    // util.promisify finds its own version of setTimeout on the function.
    return Object.defineProperties(start, Object.getOwnPropertyDescriptors(original));
  }

  ending(original) {
    return (timer) => {
      this.timers.delete(timer);
      original(timer);
    };
  }
}

/** Every handle and request that keeps this process alive, apart from its own standard streams. */
function open() {
  const own = new Set([process.stdin, process.stdout, process.stderr]);
  return [...process._getActiveHandles(), ...process._getActiveRequests()].filter(
    (handle) => !own.has(handle),
  );
}

function describe(handle) {
  const name = handle.constructor?.name ?? 'handle';
  if (handle.spawnargs) return `process ${handle.pid}: ${handle.spawnargs.join(' ')}`;
  if (typeof handle.address === 'function' && handle.listening) return `server on ${where(handle.address())}`;
  if (handle.remoteAddress) return `socket to ${handle.remoteAddress}:${handle.remotePort}`;
  return name === 'Socket' ? 'socket or pipe that is not connected' : name;
}

function where(address) {
  return typeof address === 'object' && address ? `${address.address}:${address.port}` : String(address);
}

/** The first frame within this repository, else the first there is. */
function place(stack) {
  const frames = String(stack)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
  const own = frames.find((line) => line.includes(REPOSITORY.pathname) && !line.includes('/node_modules/'));
  return (own ?? frames[0] ?? 'from an unknown place')
    .replace(REPOSITORY.pathname, '')
    .replace('file://', '');
}
