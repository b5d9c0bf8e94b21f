import { type ModulesContainer } from '@nestjs/core';
import { type Logger } from '../../common/logger.js';
import { schedulerRegistries } from '../scheduler-registry.js';

/** Warns of two `ScheduleModule.forRoot()`: each of them runs every job of the application. */
export function warnOfTwoSchedules(modules: ModulesContainer, logger: Logger): void {
  const count = schedulerRegistries(modules).length;
  if (count < 2) return;
  logger.warn(
    `ScheduleModule.forRoot() is imported ${count} times, so this process runs each tick of @Cron, @Interval and @Timeout ${count} times, also with @LeaderOnly. Import it once, in the root module.`,
  );
}
