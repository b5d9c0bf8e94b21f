import { type ModulesContainer } from '@nestjs/core';
import { type Logger } from '../common/logger.js';
import { isInjected } from '../nest/is-injected.js';
import { type ElectionJobs } from './elections/election-jobs.js';
import { Sidekick } from './sidekick.service.js';
import { SIDEKICK_OPTIONS } from './sidekick.tokens.js';

/**
 * Warns when no class uses the module, which usually means a forgotten or misspelt option. Called once the application has
 * booted, when no option and no decorator registers anything.
 */
export function warnWhenIdle(modules: ModulesContainer, jobs: ElectionJobs, logger: Logger): void {
  const others = [...modules.values()].filter((module) => !module.hasProvider(SIDEKICK_OPTIONS));
  if (isInjected(Sidekick, others) || jobs.used) return;
  logger.warn(
    'SidekickModule has nothing to register: it has no `service`, `key` or `config` with a service, no method carries @Heartbeat, @LeaderOnly or @Locked, and no class injects Sidekick or Elections. Set an option, or remove the import.',
  );
}
