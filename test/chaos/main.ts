/** `npm run chaos`: plays every scenario on real servers at the size asked for, and says what held. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { leave, number } from '../harness/command-line.js';
import { type Outcome, outcomeText } from './play.js';
import { asTheyAre, type Part, playAll, weakenedBy } from './programme.js';
import { PROTECTIONS } from './protection.js';
import { freshSeed } from './random.js';
import { SCENARIOS } from './scenarios/index.js';
import { type Scenario, type Size } from './scenarios/scenario.js';
import { measureSlowness } from './slowness.js';
import { isInShare, partOf, SHARE_AT_ONCE, SHARE_SEED, SHARE_SIZE, shareOf } from './share.js';

const HELP = `npm run chaos -- [options]

  --kills N      faults in all, for scenarios that repeat one; 20 by default, 5 with --share
  --minutes M    a scenario begins no further round after M minutes
  --seed S       the seed of the random numbers; a fresh one by default, printed; ${SHARE_SEED} with --share
  --only NAME    this scenario alone; may be given several times
  --share        a small share with one scenario for each main guarantee: what \`.ci/run\` plays
  --part N/M     every M-th scenario from the N-th on, to divide a run among machines
  --without P    take a protection away, and expect the scenarios that need it to find out; or \`all\`, one after the other
  --at-once N    scenarios played at the same time; 1 by default
  --json FILE    write the outcome to FILE
  --keep         keep the report of what held too
  --list         name the scenarios, which of them \`--share\` plays, and the protections each can be played without

Reports go to .cache/chaos.
`;

/** Faults in all by default. */
const KILLS = 20;

interface Options {
  readonly size: Size;
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly atOnce: number;
  readonly json: string | undefined;
  readonly keepAll: boolean;
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
      share: { type: 'boolean', default: false },
      part: { type: 'string' },
      without: { type: 'string' },
      'at-once': { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return leave(HELP);
  if (values.list) return leave(`${SCENARIOS.map(described).join('')}* played by \`--share\`\n`);
  const unknown = values.only?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    const names = SCENARIOS.map(({ name }) => name).join(', ');
    throw new Error(`Expected \`--only\` to be one of ${names}, got "${unknown}".`);
  }
  const { share } = values;
  const defaults = share
    ? { kills: SHARE_SIZE.kills, seed: SHARE_SEED, atOnce: SHARE_AT_ONCE }
    : { kills: KILLS, seed: freshSeed(), atOnce: 1 };
  const asked = (option: 'kills' | 'seed' | 'at-once', byDefault: number): number =>
    values[option] === undefined ? byDefault : number(`--${option}`, values[option]);
  const wanted = SCENARIOS.filter(({ name }) => values.only?.includes(name) ?? true);
  const chosen = share ? shareOf(SCENARIOS) : parts(wanted, values.without);
  return {
    size: {
      kills: asked('kills', defaults.kills),
      minutes: values.minutes === undefined ? undefined : number('--minutes', values.minutes),
    },
    seed: asked('seed', defaults.seed),
    parts: values.part === undefined ? chosen : partOf(chosen, values.part),
    atOnce: Math.max(1, asked('at-once', defaults.atOnce)),
    json: values.json,
    keepAll: values.keep,
  };
}

function described(scenario: Scenario): string {
  const { name, promise, needs = {} } = scenario;
  const protections = Object.keys(needs);
  const mark = isInShare(scenario) ? '* ' : '  ';
  return `${mark}${name}: ${promise}${protections.length > 0 ? ` (--without ${protections.join(', ')})` : ''}\n`;
}

function parts(scenarios: readonly Scenario[], without: string | undefined): Part[] {
  if (without === undefined) return asTheyAre(scenarios);
  const asked = PROTECTIONS.filter((protection) => without === protection || without === 'all');
  if (asked.length === 0)
    throw new Error(
      `Expected \`--without\` to be one of ${PROTECTIONS.join(', ')} or all, got "${without}".`,
    );
  return weakenedBy(scenarios, asked);
}

async function main(): Promise<void> {
  const { size, seed, parts: waiting, atOnce, json, keepAll } = options();
  const reports = fileURLToPath(new URL('../../.cache/chaos', import.meta.url));
  const limit = size.minutes === undefined ? '' : `, ${size.minutes} minutes`;
  const slowness = await measureSlowness();
  const slow =
    slowness > 1 ? `, time limits times ${slowness.toFixed(1)}: the machine is slow or has other work` : '';
  console.log(`${waiting.length} scenarios, ${size.kills} kills${limit}, seed ${seed}${slow}\n`);
  const measure = async (): Promise<number> => await measureSlowness();
  const playing = playAll(waiting, { atOnce, seed, size, slowness, measure, reports, keepAll });
  const outcomes = await Promise.all(playing.map(printed));
  const broken = outcomes.filter(({ findings }) => findings.length > 0).length;
  if (json !== undefined)
    await writeFile(json, `${JSON.stringify({ seed, ...size, broken, outcomes }, null, 2)}\n`);
  const again = outcomes.filter(({ findings, first }) => first && findings.length === 0).length;
  console.log(
    `${outcomes.length - broken} held${again > 0 ? ` (${again} when played once more)` : ''}, ${broken} broken`,
  );
  if (broken > 0) process.exitCode = 1;
  expectEnd();
}

/** Reports an outcome as soon as it is known: the whole run may take hours. */
async function printed(playing: Promise<Outcome>): Promise<Outcome> {
  const outcome = await playing;
  console.log(`${outcomeText(outcome)}\n`);
  return outcome;
}

/** A process that has closed everything ends by itself; one that does not has found a leak. */
function expectEnd(): void {
  setTimeout(() => {
    console.error(
      `Expected the process to end by itself, this keeps it alive: ${process.getActiveResourcesInfo().join(', ')}`,
    );
    process.exit(1);
  }, 5_000).unref();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
