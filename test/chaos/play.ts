import { monotonic } from '../harness/wait.js';
import { writeReport } from './report/report.js';
import { type Protection } from './protection.js';
import { type Scenario, type Size } from './scenarios/scenario.js';
import { Stage } from './scenarios/stage.js';
import { type Finding } from './validators/finding.js';
import { nothingUnhandled } from './validators/unhandled.js';

/** The outcome of one scenario. */
export interface Outcome {
  readonly scenario: string;
  readonly promise: string;
  /** The protection that was disabled, if any. */
  readonly without?: Protection;
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly findings: readonly Finding[];
  /** The first time it was played, where that was in doubt. */
  readonly first?: Outcome;
  /** Where the report is: only when something broke, or when all reports are kept. */
  readonly report?: string;
}

export interface PlayOptions {
  readonly seed: number;
  readonly size: Size;
  /** By what time limits are multiplied. */
  readonly slowness: number;
  /** The folder reports go to. */
  readonly reports: string;
  /** Keep the report of a run that held every promise too; false by default. */
  readonly keepAll?: boolean;
  /** Take this protection away from the applications: the scenario then has to find its promise broken. */
  readonly without?: Protection | undefined;
}

/**
 * Plays one scenario on a stage of its own and judges it. An error of the scenario itself, or of what it started and
 * cannot be ended, is a finding like others.
 */
export async function play(
  scenario: Scenario,
  { seed, size, slowness, reports, keepAll = false, without }: PlayOptions,
): Promise<Outcome> {
  const stage = new Stage(seed, without ? [without] : [], slowness);
  const began = monotonic();
  const found: Finding[] = [];
  const failed = (promise: string) => (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    found.push({ promise, who: scenario.name, at: monotonic(), text, timed: true });
  };
  await scenario.run(stage, size).then((broken) => {
    found.push(...broken);
  }, failed('the scenario runs to its end'));
  await stage.close().catch(failed('everything ends'));
  const { recorder, figures } = stage;
  found.push(...nothingUnhandled(recorder.events));
  const findings = without ? judgeWithout(scenario, without, found) : found;
  const outcome: Outcome = {
    scenario: scenario.name,
    promise: scenario.promise,
    ...(without ? { without } : {}),
    seed,
    seconds: Math.round((monotonic() - began) / 100) / 10,
    figures,
    findings,
  };
  if (findings.length === 0 && !keepAll) return outcome;
  const weakened = without ? ` --without ${without}` : '';
  const command = `npm run chaos -- --only ${scenario.name} --kills ${size.kills} --seed ${seed}${weakened}`;
  const report = await writeReport(
    { name: scenario.name, seed, recorder, findings, figures, command },
    reports,
  );
  return { ...outcome, report };
}

/** A scenario that runs without a protection must have findings; having none is the failure. */
function judgeWithout(scenario: Scenario, without: Protection, found: readonly Finding[]): Finding[] {
  const promise = scenario.needs?.[without];
  if (found.some((finding) => finding.promise === promise)) return [];
  const text = `Expected a finding of "${promise ?? 'nothing'}" without ${without}, got ${list(found)}.`;
  return [{ promise: 'the scenario can fail', who: scenario.name, at: monotonic(), text, timed: true }];
}

function list(findings: readonly Finding[]): string {
  return findings.map(({ promise, text }) => `"${promise}" (${text})`).join(', ') || 'none';
}

/**
 * Whether only times were exceeded. Where other scenarios were played beside this one, or the machine is slow, that may be
 * the machine's doing: the caller should play it once more, alone. What is wrong at any speed is not excused.
 */
export function onlyLate({ findings }: Outcome): boolean {
  return findings.length > 0 && findings.every(({ timed }) => timed);
}

/** An outcome for people. */
export function outcomeText(outcome: Outcome): string {
  const { first, findings } = outcome;
  const told = textOf(outcome, findings.length === 0 ? 'held  ' : 'BROKEN');
  if (!first) return told;
  return `${textOf(first, 'late  ')}\n       Only times were exceeded. It was played once more, alone:\n${told}`;
}

function textOf(
  { scenario, promise, without, seed, seconds, figures, findings, report }: Outcome,
  verdict: string,
): string {
  return [
    `${verdict} ${scenario}: ${promise} (seed ${seed}, ${seconds} s)`,
    ...(without ? [`         played without ${without}, where it has to be found broken`] : []),
    ...Object.entries(figures).map(([name, value]) => `         ${name}: ${value}`),
    ...findings.slice(0, 10).map(({ promise: broken, who, text }) => `       ! ${broken} (${who}): ${text}`),
    ...(findings.length > 10 ? [`       ! and ${findings.length - 10} more`] : []),
    ...(report === undefined ? [] : [`         report: ${report}`]),
  ].join('\n');
}
