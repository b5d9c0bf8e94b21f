import { type ModulesContainer } from '@nestjs/core';
import { type IntervalRegistry } from './schedule.ticker.js';

/** Methods that identify the class, also after a bundler has renamed it. */
const METHODS = ['doesExist', 'addInterval', 'deleteInterval', 'addCronJob', 'getCronJobs'] as const;

/**
 * Finds the `SchedulerRegistry` of an application that imports `ScheduleModule`. It is looked up among the providers and
 * not imported, so that `@nestjs/schedule` stays optional.
 *
 * @returns undefined when there is none, or not yet
 */
export function findSchedulerRegistry(modules: ModulesContainer): IntervalRegistry | undefined {
  return schedulerRegistries(modules)[0];
}

/** The registries of all `ScheduleModule.forRoot()`. An application should have one. */
export function schedulerRegistries(modules: ModulesContainer): readonly IntervalRegistry[] {
  const found = new Set<IntervalRegistry>();
  for (const { providers } of modules.values()) {
    for (const [token, provider] of providers) {
      if (!isSchedulerRegistry(token)) continue;
      const instance: unknown = provider.instance;
      if (isComplete(instance)) found.add(instance);
    }
  }
  return [...found];
}

function isSchedulerRegistry(token: unknown): boolean {
  return typeof token === 'function' && hasMethods(token.prototype);
}

/** False for the bare object that Nest creates from the prototype before it runs the constructor. */
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
