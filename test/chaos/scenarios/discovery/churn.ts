import { sleep } from '../../../harness/wait.js';
import { between } from '../../random.js';
import { type Stage } from '../stage.js';

/** New marks of some instances at once; `undefined` removes. */
export type Marks = Readonly<Record<string, string | undefined>>;

export interface Churn {
  /** Resolves with how many writes were acknowledged. A second call waits for the first. */
  stop(): Promise<number>;
}

export interface ChurnOptions {
  /** How many instances come and go; 8 by default. */
  readonly instances?: number;
  /** How many change at once at most; all of them by default. */
  readonly atOnce?: number;
  /** Milliseconds between two writes; 5 by default. */
  readonly every?: number;
}

/** Lets instances come, change and go all the time, each time with a higher mark. Errors are the faults' and say nothing. */
export function churn(
  stage: Stage,
  write: (marks: Marks) => Promise<unknown>,
  { instances = 8, atOnce = instances, every = 5 }: ChurnOptions = {},
): Churn {
  let writing = true;
  let count = 0;
  let acknowledged = 0;
  const next = (): Marks => {
    const many = atOnce > 1 && between(stage.random, 0, 3) === 0 ? between(stage.random, 2, atOnce) : 1;
    const first = between(stage.random, 0, instances - 1);
    const mark = String(++count);
    return Object.fromEntries(
      Array.from({ length: many }, (_, i) => [
        `i${(first + i) % instances}`,
        stage.random() < 0.25 ? undefined : mark,
      ]),
    );
  };
  const goesOn = (): boolean => writing;
  const loop = (async () => {
    while (goesOn()) {
      acknowledged += await write(next()).then(
        () => 1,
        () => 0,
      );
      await sleep(every);
    }
  })();
  const stop = async (): Promise<number> => {
    writing = false;
    await loop;
    return acknowledged;
  };
  stage.atEnd(stop);
  return { stop };
}
