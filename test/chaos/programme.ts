import { Semaphore } from '../../lib/common/async/semaphore.js';
import { onlyLate, type Outcome, play, type PlayOptions } from './play.js';
import { type Protection, PROTECTIONS } from './protection.js';
import { type Scenario } from './scenarios/scenario.js';

/** One scenario to be played, as it is or without a protection. */
export interface Part {
  readonly scenario: Scenario;
  readonly without: Protection | undefined;
}

/** Scenarios as they are. */
export function asTheyAre(scenarios: readonly Scenario[]): Part[] {
  return scenarios.map((scenario) => ({ scenario, without: undefined }));
}

/** Scenarios that need one of these protections, each without each of those it needs. */
export function weakenedBy(
  scenarios: readonly Scenario[],
  protections: readonly Protection[] = PROTECTIONS,
): Part[] {
  return scenarios.flatMap((scenario) =>
    protections
      .filter((protection) => scenario.needs?.[protection] !== undefined)
      .map((without) => ({ scenario, without })),
  );
}

/** A part for people: `two-holders`, `two-holders without ownership`. */
export function partName({ scenario, without }: Part): string {
  return without ? `${scenario.name} without ${without}` : scenario.name;
}

/** How a programme is played. */
export interface ProgrammeOptions extends Omit<PlayOptions, 'without'> {
  /** Parts at a time. */
  readonly atOnce: number;
  /** The slowness of the machine as it is when a part is played once more. */
  measure(): Promise<number>;
}

/**
 * Plays parts in their order, `atOnce` at a time, each on servers of its own. When these are over, those that need the
 * machine for themselves come one by one, and once more each in which only times were exceeded, beside others or by a
 * machine that is slow. Their outcomes come in the order of the parts.
 */
export function playAll(
  parts: readonly Part[],
  { atOnce, measure, ...options }: ProgrammeOptions,
  start = play,
): Promise<Outcome>[] {
  const together = new Semaphore(atOnce);
  const alone = new Semaphore(1);
  const firsts = parts.map(async ({ scenario, without }) =>
    scenario.alone
      ? undefined
      : await together.run(async () => await start(scenario, { ...options, without })),
  );
  const others = Promise.allSettled(firsts);
  const playAlone = async (task: () => Promise<Outcome>): Promise<Outcome> => {
    await others;
    return await alone.run(task);
  };
  return parts.map(async ({ scenario, without }, i) => {
    const first =
      (await firsts[i]) ?? (await playAlone(async () => await start(scenario, { ...options, without })));
    if (!onlyLate(first)) return first;
    return await playAlone(async () => {
      const slowness = await measure();
      const wasAlone = atOnce === 1 || scenario.alone === true;
      if (wasAlone && Math.max(slowness, options.slowness) === 1) return first;
      return { ...(await start(scenario, { ...options, without, slowness })), first };
    });
  });
}
