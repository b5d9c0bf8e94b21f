import { SidekickError } from '../../lib/common/errors/index.js';

/**
 * Milliseconds of computing one input may take, so that a slow machine is no finding, although all threads of the process
 * count. Most take well under one; what is not linear takes minutes.
 */
export const TIME_BOUND = 10_000;
/** How many threads of this process compute: their time is measured as one. */
export const computing = { threads: 1 };
/** Characters of an error that a person is shown. */
export const LONGEST_MESSAGE = 16_001;

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype] as const;
const BEFORE = PROTOTYPES.map((prototype) => members(prototype));

function members(prototype: object): ReadonlyMap<PropertyKey, unknown> {
  return new Map(
    Reflect.ownKeys(prototype).map((key) => {
      const found = Reflect.getOwnPropertyDescriptor(prototype, key)!;
      return [key, (found.value as unknown) ?? found.get];
    }),
  );
}

/** The changes of the shared prototypes; undefined if there are none. */
function pollution(): string | undefined {
  for (const [n, prototype] of PROTOTYPES.entries()) {
    const before = BEFORE[n]!;
    const keys = Reflect.ownKeys(prototype);
    const odd =
      keys.find((key) => !before.has(key)) ?? (keys.length === before.size ? undefined : 'a member');
    if (odd !== undefined) return `${prototype.constructor.name}.prototype has another ${String(odd)}`;
  }
  return undefined;
}

/** The violated rule. */
export class Misbehaviour extends Error {}

/**
 * Runs one input. It may return, or throw one of the library's own errors, short enough to be read, within
 * {@link TIME_BOUND}; and the prototypes of all objects are as they were.
 *
 * @throws Misbehaviour, or what `run` threw that is no error of the library
 */
export async function judge(run: () => void | Promise<void>): Promise<void> {
  const start = process.cpuUsage();
  try {
    await run();
  } catch (error) {
    if (!(error instanceof SidekickError)) throw error;
    if (typeof error.code !== 'string' && typeof error.code !== 'number')
      throw new Misbehaviour(`${error.name} has no code`, { cause: error });
    if (error.message.length > LONGEST_MESSAGE)
      throw new Misbehaviour(`the message of ${error.name} has ${error.message.length} characters`);
  }
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1_000 / computing.threads;
  if (took > TIME_BOUND) throw new Misbehaviour(`it took ${Math.round(took)} ms`);
  const polluted = pollution();
  if (polluted !== undefined) throw new Misbehaviour(polluted);
}

/** Runs `run` and ignores errors of the library. @throws every other error */
export async function typed(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof SidekickError)) throw error;
  }
}
