import { consulAgentDies } from './consul/agent-dies.js';
import { consulForgets } from './consul/forgets.js';
import { consulSwallowed } from './consul/swallowed.js';
import { exclusiveHolders, manyHolders, twoHolders } from './holders.js';
import { latePut } from './late-put.js';
import { oddLeases } from './odd-leases.js';
import { foreignChange, foreignChangeUnwatched } from './foreign-change.js';
import { registryReplaced } from './replaced.js';
import { countedIncrements } from './retry/counted-increments.js';
import { refusedOnce } from './retry/refused-once.js';
import { type Scenario } from './scenario.js';

/** Ownership of keys: foreign writers, competing holders, registries that lose data, and late writes. */
export const WHO_HOLDS: readonly Scenario[] = Object.freeze([
  foreignChange,
  foreignChangeUnwatched,
  twoHolders,
  manyHolders,
  exclusiveHolders,
  latePut,
  registryReplaced,
  oddLeases,
  consulForgets,
  consulAgentDies,
  consulSwallowed,
  countedIncrements,
  refusedOnce,
]);
