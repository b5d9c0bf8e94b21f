import { killMembers } from './kill-members.js';
import { leaderKill } from './leader-kill.js';
import { quorumLostBriefly, quorumLostLong } from './quorum-loss.js';
import { type Scenario } from './scenario.js';
import { blackHole, minorityMember } from './silent-member.js';
import { watchGuarantees } from './watch-guarantees.js';

/** Every scenario, in the order they are run. */
export const SCENARIOS: readonly Scenario[] = Object.freeze([
  killMembers,
  leaderKill,
  blackHole,
  minorityMember,
  quorumLostBriefly,
  quorumLostLong,
  watchGuarantees,
]);
