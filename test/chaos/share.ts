import { type Part } from './programme.js';
import { type Protection } from './protection.js';
import { type Scenario } from './scenarios/scenario.js';

/** Seed of the share, so that each run of it injects the same faults. `npm run chaos` takes a fresh one. */
export const SHARE_SEED = 49;

/** The size of the share. */
export const SHARE_SIZE = Object.freeze({ kills: 5 });

/** Scenarios of the share at a time: most of their time is waiting, and each starts up to a cluster and several applications. */
export const SHARE_AT_ONCE = 2;

/**
 * The scenarios that `.ci/run` plays: one for each main guarantee, none that needs the machine for itself. Those without a
 * protection show that the validators of entries, lists and watches detect a violation.
 */
const NAMES: readonly (readonly [name: string, without?: Protection])[] = [
  // Heartbeat.
  ['kill-members'],
  ['leader-kill'],
  ['black-hole'],
  ['quorum-lost-briefly'],
  ['quorum-lost-long'],
  ['blocked-event-loop'],
  ['clean-stop'],
  ['start-stop-race'],
  ['rolling-restart'],
  ['foreign-change'],
  ['two-holders'],
  ['exclusive-holders', 'ownership'],
  ['late-put'],
  ['consul-forgets'],
  ['counted-increments'],
  // Discovery.
  ['watch-guarantees'],
  ['mirrored-lists'],
  ['list-then-watch-file'],
  ['compaction-while-away'],
  ['compaction-while-away', 'list-after-compaction'],
  ['said-empty-etcd'],
  ['said-empty-etcd', 'said-empty'],
  ['registry-dead-consul'],
  ['mass-expiry'],
  ['snapshot-cold-start'],
  // Elections.
  ['one-leader'],
];

/** Whether the share plays a scenario as it is. */
export function isInShare({ name }: Scenario): boolean {
  return NAMES.some(([shared, without]) => shared === name && without === undefined);
}

/** Returns the parts of the share, out of all scenarios. */
export function shareOf(scenarios: readonly Scenario[]): Part[] {
  return NAMES.map(([name, without]) => {
    const scenario = scenarios.find((one) => one.name === name);
    if (!scenario) throw new Error(`Expected the share to name a scenario, got "${name}".`);
    if (without && scenario.needs?.[without] === undefined)
      throw new Error(`Expected "${name}" to need "${without}".`);
    return { scenario, without };
  });
}

/** Returns every M-th part from the N-th on, for `--part N/M`: to divide a run among machines. */
export function partOf(parts: readonly Part[], which: string): Part[] {
  const [, n = NaN, m = NaN] = (/^(\d+)\/(\d+)$/.exec(which) ?? []).map(Number);
  if (!(n >= 1 && n <= m)) throw new Error(`Expected \`--part\` to be like 1/3, got "${which}".`);
  return parts.filter((_, i) => i % m === n - 1);
}
