import { ON_SERVICE_CHANGE } from './on-service-change.decorator.js';

/** Metadata keys that do not make a method a handler: Nest resolves no parameter decorators of a method with only these. */
export const HANDLED_OTHERWISE: ReadonlySet<string | symbol> = new Set([
  ON_SERVICE_CHANGE,
  'nestjs-sidekick:heartbeat',
  // @nestjs/schedule
  'SCHEDULER_NAME',
  'SCHEDULER_TYPE',
  'SCHEDULE_CRON_OPTIONS',
  'SCHEDULE_INTERVAL_OPTIONS',
  'SCHEDULE_TIMEOUT_OPTIONS',
  // @nestjs/event-emitter
  'EVENT_LISTENER_METADATA',
  // Enhancers of @nestjs/common
  '__guards__',
  '__interceptors__',
  '__pipes__',
  '__exceptionFilters__',
]);
