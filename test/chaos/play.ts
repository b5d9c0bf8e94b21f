import { monotonic } from '../harness/wait.js';
import { writeReport } from './report/report.js';
import { type Scenario, type Size } from './scenarios/scenario.js';
import { Stage } from './scenarios/stage.js';
import { type Finding } from './validators/finding.js';

/** What became of one scenario. */
export interface Outcome {
  readonly scenario: string;
  readonly promise: string;
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly findings: readonly Finding[];
  /** Where the report is: only when something broke, or when all reports are kept. */
  readonly report?: string;
}

export interface PlayOptions {
  readonly seed: number;
  readonly size: Size;
  /** The folder reports go to. */
  readonly reports: string;
  /** Keep the report of a run that held every promise too; false by default. */
  readonly keepAll?: boolean;
}

/** Plays one scenario on a stage of its own and judges it. An error of the scenario itself is a finding like others. */
export async function play(
  scenario: Scenario,
  { seed, size, reports, keepAll = false }: PlayOptions,
): Promise<Outcome> {
  const stage = new Stage(seed);
  const began = monotonic();
  let findings: readonly Finding[];
  try {
    findings = await scenario.run(stage, size);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    findings = [{ promise: 'the scenario runs to its end', who: scenario.name, at: monotonic(), text }];
  } finally {
    await stage.close();
  }
  const { recorder, figures } = stage;
  const outcome: Outcome = {
    scenario: scenario.name,
    promise: scenario.promise,
    seed,
    seconds: Math.round((monotonic() - began) / 100) / 10,
    figures,
    findings,
  };
  if (findings.length === 0 && !keepAll) return outcome;
  const command = `npm run chaos -- --only ${scenario.name} --kills ${size.kills} --seed ${seed}`;
  const report = await writeReport(
    { name: scenario.name, seed, recorder, findings, figures, command },
    reports,
  );
  return { ...outcome, report };
}

/** An outcome for people. */
export function outcomeText({
  scenario,
  promise,
  seed,
  seconds,
  figures,
  findings,
  report,
}: Outcome): string {
  return [
    `${findings.length === 0 ? 'held  ' : 'BROKEN'} ${scenario}: ${promise} (seed ${seed}, ${seconds} s)`,
    ...Object.entries(figures).map(([name, value]) => `         ${name}: ${value}`),
    ...findings.slice(0, 10).map(({ promise: broken, who, text }) => `       ! ${broken} (${who}): ${text}`),
    ...(findings.length > 10 ? [`       ! and ${findings.length - 10} more`] : []),
    ...(report === undefined ? [] : [`         report: ${report}`]),
  ].join('\n');
}
