import { Semaphore } from '../../lib/common/async/semaphore.js';
import { type Outcome, play, type PlayOptions } from './play.js';
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

/**
 * Plays parts in their order, `atOnce` at a time, each on servers of its own; those that need the machine for themselves
 * come one by one when the others are over. Their outcomes come in the order of the parts.
 */
export function playAll(
  parts: readonly Part[],
  atOnce: number,
  options: Omit<PlayOptions, 'without'>,
): Promise<Outcome>[] {
  const start = async ({ scenario, without }: Part): Promise<Outcome> =>
    await play(scenario, { ...options, without });
  const together = new Semaphore(atOnce);
  const outcomes = new Map<Part, Promise<Outcome>>();
  for (const part of parts.filter(({ scenario }) => !scenario.alone))
    outcomes.set(
      part,
      together.run(async () => await start(part)),
    );
  let before: Promise<unknown> = Promise.allSettled(outcomes.values());
  for (const part of parts.filter(({ scenario }) => scenario.alone)) {
    const outcome = before.then(async () => await start(part));
    before = outcome.catch(() => undefined);
    outcomes.set(part, outcome);
  }
  return parts.map((part) => outcomes.get(part)!);
}
