import { type ModulesContainer } from '@nestjs/core';
import { type Logger } from '../../common/logger.js';
import { schedulerRegistries } from '../scheduler-registry.js';

/**
 * Warns of two `ScheduleModule.forRoot()`, each of which runs every job of the application, and of none, with which no job
 * runs.
 *
 * @param scheduled The methods with `@Cron`, `@Interval` or `@Timeout`, for messages.
 */
export function warnOfSchedules(
  modules: ModulesContainer,
  scheduled: readonly string[],
  logger: Logger,
): void {
  const count = schedulerRegistries(modules).length;
  if (count === 0 && scheduled.length > 0)
    logger.warn(
      `Nothing calls ${scheduled.join(', ')}: the methods have @Cron, @Interval or @Timeout, and no module imports ScheduleModule.forRoot() of @nestjs/schedule. Import it in the root module.`,
    );
  if (count > 1)
    logger.warn(
      `ScheduleModule.forRoot() is imported ${count} times, so this process runs each tick of @Cron, @Interval and @Timeout ${count} times, also with @LeaderOnly. Import it once, in the root module.`,
    );
}
