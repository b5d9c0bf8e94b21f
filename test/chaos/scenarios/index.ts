import { rollingCallers } from './calling/rolling-callers.js';
import { rpcRestart } from './calling/rpc-restart.js';
import { silentChannel } from './calling/silent-channel.js';
import { stormOfAborts } from './calling/storm-of-aborts.js';
import { stormOfRpcAborts } from './calling/storm-of-rpc-aborts.js';
import { noHerdComesBack } from './herd.js';
import { fiveJobs } from './elections/five-jobs.js';
import { electionHerd } from './elections/election-herd.js';
import { oneLeaderAtATime, oneRunAtATime } from './elections/one-leader.js';
import { DISCOVERY_SCENARIOS } from './discovery/index.js';
import { blockedEventLoop, isolatedHeartbeat, stoppedProcess } from './hang.js';
import { stopsCleanly } from './life/clean-stop.js';
import { startStopRace } from './life/race.js';
import { neverGivesUpTrying } from './life/never-gives-up.js';
import { rollingRestart } from './life/rolling-restart.js';
import { badKeys } from './bad-keys.js';
import { burst } from './burst.js';
import { leakOfBoots } from './boots.js';
import { cheapHeartbeat } from './cheap.js';
import { killMembers } from './kill-members.js';
import { leaderKill } from './leader-kill.js';
import { leakOfSubscriptions, leakOfUpdates, leakOnConsul } from './leak.js';
import { quorumLostBriefly, quorumLostLong } from './quorum-loss.js';
import { type Scenario } from './scenario.js';
import { blackHole, minorityMember } from './silent-member.js';
import { movedWallClock } from './wall-clock.js';
import { watchGuarantees } from './watch-guarantees.js';
import { WHO_HOLDS } from './ownership.js';

/** Every scenario, in the order they are run. */
export const SCENARIOS: readonly Scenario[] = Object.freeze([
  killMembers,
  leaderKill,
  blackHole,
  minorityMember,
  quorumLostBriefly,
  quorumLostLong,
  blockedEventLoop,
  stoppedProcess,
  isolatedHeartbeat,
  movedWallClock,
  stopsCleanly,
  startStopRace,
  neverGivesUpTrying,
  rollingRestart,
  rollingCallers,
  stormOfAborts,
  stormOfRpcAborts,
  rpcRestart,
  silentChannel,
  watchGuarantees,
  noHerdComesBack,
  cheapHeartbeat,
  badKeys,
  burst,
  leakOfUpdates,
  leakOfSubscriptions,
  leakOnConsul,
  leakOfBoots,
  oneLeaderAtATime,
  oneRunAtATime,
  electionHerd,
  fiveJobs,
  ...WHO_HOLDS,
  ...DISCOVERY_SCENARIOS,
]);
