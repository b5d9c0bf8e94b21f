import { IsNumber, IsOptional, Max, Min } from 'class-validator';
import { checkOptions, describeIssues } from '../../common/check-options.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { MAX_SECONDS } from '../../common/clock.js';

/** Options of `@Locked`. */
export interface LockedOptions {
  /**
   * Seconds after which the lock is free although the job still runs: more than 0, at most 2,000,000. The signal of the job
   * is aborted then. Choose it well above the longest run.
   */
  readonly lockAtMostFor: number;
  /**
   * Seconds for which the lock stays taken although the job has ended, counted from its start: 0 to `lockAtMostFor`. Choose
   * it above the difference between the clocks of two machines, and below the period of the job.
   *
   * @default 0
   */
  readonly lockAtLeastFor?: number;
}

/** Least `lockAtMostFor`, in seconds. */
const MIN_SECONDS = 0.001;

const AT_MOST = `a number of seconds above 0 and up to ${MAX_SECONDS}`;
const AT_LEAST = 'a number of seconds from 0 to `lockAtMostFor`';

class LockedShape {
  @IsNumber({}, describeIssues(AT_MOST))
  @Min(MIN_SECONDS, describeIssues(AT_MOST))
  @Max(MAX_SECONDS, describeIssues(AT_MOST))
  lockAtMostFor = undefined;
  @IsOptional()
  @IsNumber({}, describeIssues(AT_LEAST))
  @Min(0, describeIssues(AT_LEAST))
  lockAtLeastFor = undefined;
}

/**
 * @param of The decorator as written in code, for the error.
 * @throws InvalidOptionError
 */
export function checkLockedOptions(options: LockedOptions, of: string): void {
  checkOptions(LockedShape, options, of, `${of}.`);
  const { lockAtMostFor, lockAtLeastFor = 0 } = options;
  if (lockAtLeastFor <= lockAtMostFor) return;
  throw new InvalidOptionError(
    `Expected \`${of}.lockAtLeastFor\` to be at most \`lockAtMostFor\`, ${lockAtMostFor} s, got ${lockAtLeastFor}.`,
  );
}
