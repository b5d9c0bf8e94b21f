import { checkFields, FLAG_FIELD, type FieldCheck } from '../common/check-fields.js';
import { type DashboardMount, type DashboardOptions } from './dashboard.options.js';

const WHERE = 'SidekickDashboardModule';

const OPTIONS: Readonly<Record<keyof DashboardOptions, FieldCheck>> = {
  title: { what: 'a string', holds: (value) => typeof value === 'string' },
};

const MOUNT: Readonly<Record<keyof DashboardMount, FieldCheck>> = {
  path: {
    what: 'a path without query, such as "ops/sidekick"',
    holds: (value) => typeof value === 'string' && !/[\s?#]/.test(value),
  },
  guards: {
    what: 'an array of guards: classes, or instances with a method `canActivate`',
    holds: (value) => Array.isArray(value) && value.every(isGuard),
  },
  guardPage: FLAG_FIELD,
  imports: { what: 'an array of modules', holds: (value) => Array.isArray(value) },
};

const FACTORY: Readonly<Record<string, FieldCheck>> = {
  inject: { what: 'an array of tokens', holds: (value) => Array.isArray(value) },
  useFactory: { what: 'a function', holds: (value) => typeof value === 'function' },
};

/** @throws InvalidOptionError that names the first invalid option, or an unknown one: without `guards` the data are open */
export function checkDashboardOptions(options: unknown): void {
  checkFields(WHERE, options, { ...OPTIONS, ...MOUNT });
}

/** As {@link checkDashboardOptions}, for the options of `forRootAsync`. */
export function checkAsyncDashboardOptions(options: unknown): void {
  checkFields(WHERE, options, { ...MOUNT, ...FACTORY });
}

/** Checks what the factory of `forRootAsync` has made. @throws InvalidOptionError */
export function checkMadeOptions(options: unknown): void {
  checkFields(`${WHERE}.useFactory()`, options, OPTIONS);
}

function isGuard(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof (value as { canActivate?: unknown } | null | undefined)?.canActivate === 'function';
}
