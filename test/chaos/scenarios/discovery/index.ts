import { type Scenario } from '../scenario.js';
import { compactionWhileAway } from './compaction-while-away.js';
import { historyReplacedConsul, historyReplacedEtcd, historyReplacedFile } from './history-replaced.js';
import { listThenWatchConsul, listThenWatchEtcd, listThenWatchFile } from './list-then-watch.js';
import { malformedValues } from './malformed.js';
import { massExpiry } from './mass-expiry.js';
import { mirroredLists } from './mirrored.js';
import { refreshAndFirstCalls } from './refresh.js';
import { registryDeadConsul, registryDeadEtcd } from './registry-dead.js';
import { saidEmptyConsul, saidEmptyEtcd, saidEmptyFile } from './false-empty.js';
import { snapshotColdStart } from './snapshot.js';
import { silentWatchConsul, silentWatchEtcd } from './silent-watch.js';

/** The scenarios of discovery. */
export const DISCOVERY_SCENARIOS: readonly Scenario[] = Object.freeze([
  mirroredLists,
  listThenWatchEtcd,
  listThenWatchConsul,
  listThenWatchFile,
  compactionWhileAway,
  historyReplacedEtcd,
  historyReplacedConsul,
  historyReplacedFile,
  saidEmptyEtcd,
  saidEmptyConsul,
  saidEmptyFile,
  registryDeadEtcd,
  registryDeadConsul,
  silentWatchEtcd,
  silentWatchConsul,
  refreshAndFirstCalls,
  malformedValues,
  massExpiry,
  snapshotColdStart,
]);
