import { checkFields, type FieldCheck, integerField, SECONDS_FIELD } from '../common/check-fields.js';
import { expected } from '../common/expected.js';
import { checkRetryOptions } from '../balancing/retry-options.js';
import { type HedgeOptions } from './undici/service-request.js';
import { type ServiceHttpModuleOptions, type ServiceRequestOptions } from './service-http.options.js';

const OBJECT_OR_FLAG: FieldCheck = {
  what: 'true, false or an object',
  holds: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
};

const MODULE: Readonly<Record<keyof ServiceHttpModuleOptions, FieldCheck>> = {
  passThrough: { what: 'true or false', holds: (value) => typeof value === 'boolean' },
  timeout: SECONDS_FIELD,
};

const REQUEST: Readonly<Record<keyof ServiceRequestOptions, FieldCheck>> = {
  key: {
    what: 'a string or a number',
    holds: (value) => typeof value === 'string' || typeof value === 'number',
  },
  retry: OBJECT_OR_FLAG,
  timeout: SECONDS_FIELD,
  hedge: { what: 'an object', holds: (value) => typeof value === 'object' && value !== null },
};

const HEDGE: Readonly<Record<keyof HedgeOptions, FieldCheck>> = {
  delay: SECONDS_FIELD,
  max: integerField(1, 10),
};

/** Checks the options of the module. @throws InvalidOptionError */
export function checkModuleOptions(options: unknown): void {
  checkFields('options of ServiceHttpModule', options, MODULE);
}

/** Checks the options of one request. @throws InvalidOptionError */
export function checkRequestOptions(options: ServiceRequestOptions): void {
  checkFields('service', options, REQUEST);
  if (options.retry !== undefined) checkRetryOptions('service.retry', options.retry);
  if (!options.hedge) return;
  checkFields('service.hedge', options.hedge, HEDGE);
  if ((options.hedge.delay as unknown) === undefined)
    throw expected('service.hedge.delay', SECONDS_FIELD.what, undefined);
}
