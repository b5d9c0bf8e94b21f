import { type ModulesContainer } from '@nestjs/core';
import { type IntervalRegistry } from './schedule.ticker.js';

/** Methods of the class by which it is recognised, also where a bundler has renamed the class. */
const METHODS = ['doesExist', 'addInterval', 'deleteInterval', 'addCronJob', 'getCronJobs'] as const;

/**
 * Finds the `SchedulerRegistry` of an application that imports `ScheduleModule`. The class is recognised among the
 * application's providers and not imported, so that an application without schedules needs no `@nestjs/schedule`.
 *
 * @returns undefined where there is none, or none yet
 */
export function findSchedulerRegistry(modules: ModulesContainer): IntervalRegistry | undefined {
  for (const { providers } of modules.values()) {
    for (const [token, provider] of providers) {
      if (!isSchedulerRegistry(token)) continue;
      const instance: unknown = provider.instance;
      if (isComplete(instance)) return instance;
    }
  }
  return undefined;
}

function isSchedulerRegistry(token: unknown): boolean {
  return typeof token === 'function' && hasMethods(token.prototype);
}

/** Nest makes a bare object of the class first, whose constructor has not run. */
function isComplete(instance: unknown): instance is IntervalRegistry {
  return hasMethods(instance) && Object.keys(instance).length > 0;
}

function hasMethods(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    METHODS.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  );
}
