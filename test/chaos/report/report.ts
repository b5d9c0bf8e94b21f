import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Recorder } from '../recording/recorder.js';
import { type Finding } from '../validators/finding.js';
import { timeline } from './timeline.js';

export interface Report {
  /** The name of the scenario, such as `kill-members`. With the random seed, the name of the folder. */
  readonly name: string;
  readonly seed: number;
  readonly recorder: Recorder;
  readonly findings: readonly Finding[];
  /** Measured figures: `{ kills: 12, 'longest gap (ms)': 0 }`. */
  readonly figures?: Readonly<Record<string, number | string>>;
  /** How to run the same again. */
  readonly command?: string;
}

/** Milliseconds of the recording around a finding that the report prints. */
const AROUND = 1_000;

/**
 * Writes a run for people: `report.md`, the drawn `timeline.svg`, and the whole `recording.jsonl`.
 *
 * @returns the folder it wrote to
 */
export async function writeReport(report: Report, into: string): Promise<string> {
  const folder = join(into, `${report.name}-${report.seed}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'report.md'), renderReport(report));
  await writeFile(join(folder, 'timeline.svg'), timeline(report.recorder.events, report.findings));
  await report.recorder.save(join(folder, 'recording.jsonl'));
  return folder;
}

/** The report as a Markdown text. */
export function renderReport({ name, seed, recorder, findings, figures = {}, command }: Report): string {
  const { events } = recorder;
  const begin = events[0]?.at ?? 0;
  const end = events.at(-1)?.at ?? begin;
  const time = (at: number): string => `${((at - begin) / 1_000).toFixed(3)} s`;
  const lines = [
    `# ${name}: ${verdict(findings.length)}`,
    '',
    `Seed ${seed}, ${events.length} events in ${time(end)}.`,
    ...(command ? ['', `To run the same again: \`${command}\``] : []),
    '',
    '![timeline](timeline.svg)',
    '',
    ...Object.entries(figures).map(([figure, value]) => `- ${figure}: ${value}`),
  ];
  for (const { promise, who, at, text } of findings) {
    lines.push('', `## ${promise}: ${who} at ${time(at)}`, '', text, '', '```');
    const near = events.filter((event) => Math.abs(event.at - at) <= AROUND).slice(0, 60);
    for (const { at: when, who: actor, ...rest } of near)
      lines.push(`${time(when)} ${actor} ${JSON.stringify(rest)}`);
    lines.push('```');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function verdict(broken: number): string {
  if (broken === 0) return 'every promise held';
  return broken === 1 ? '1 promise broken' : `${broken} promises broken`;
}
