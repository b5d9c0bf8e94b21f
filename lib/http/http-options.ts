import {
  checkFields,
  FLAG_FIELD,
  FLAG_OR_OBJECT_FIELD,
  type FieldCheck,
  integerField,
  KEY_FIELD,
  objectField,
  SECONDS_FIELD,
} from '../common/check-fields.js';
import { expected } from '../common/expected.js';
import { checkRetryOptions } from '../balancing/retry-options.js';
import { type HedgeOptions } from './undici/service-request.js';
import { type ServiceHttpModuleOptions, type ServiceRequestOptions } from './service-http.options.js';

const MODULE: Readonly<Record<keyof ServiceHttpModuleOptions, FieldCheck>> = {
  passThrough: FLAG_FIELD,
  timeout: SECONDS_FIELD,
};

const REQUEST: Readonly<Record<keyof ServiceRequestOptions, FieldCheck>> = {
  key: KEY_FIELD,
  retry: FLAG_OR_OBJECT_FIELD,
  timeout: SECONDS_FIELD,
  hedge: objectField('an object'),
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
