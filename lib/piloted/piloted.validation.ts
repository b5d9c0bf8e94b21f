import { IsBoolean, IsIn, IsNumber, IsOptional, Max, Min, ValidateBy } from 'class-validator';
import { BALANCER_NAMES, isBalancerOption } from '../balancing/create-balancer.js';
import { checkOutlierOptions } from '../balancing/outliers/outlier-options.js';
import { checkRetryOptions } from '../balancing/retry-options.js';
import { AddressPolicy } from '../discovery/address-policy.js';
import { checkOptions, describeIssues, IfGiven } from '../common/check-options.js';
import { expected } from '../common/expected.js';
import { isLogger, LOGGER } from '../common/logger.js';
import { isName, MAX_NAME_BYTES } from '../common/names.js';
import { readServices } from '../registries/fixed/fixed.js';
import { registrySource } from '../registries/registry-url.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { type PilotedModuleOptions, type ServiceOptions } from './piloted.options.js';

const holds = (validate: (value: unknown) => boolean, what: string): PropertyDecorator =>
  ValidateBy({ name: 'holds', validator: { validate } }, describeIssues(what));

const isString = (value: unknown): boolean => typeof value === 'string';
const isNonEmptyString = (value: unknown): boolean => typeof value === 'string' && value.length > 0;

const BALANCER = `${BALANCER_NAMES.map((name) => `'${name}'`).join(', ')}, or an object with \`update\` and \`pick\``;
const NAME = `a string of 1 to ${MAX_NAME_BYTES} bytes without control characters`;
const SECONDS = 'a number of seconds above 0, at most 86400';
const INTERVAL = 'a number of seconds from 1 to 86400';
const SERVICES = 'an array of names or of objects with a `name`';
const BOOT = "'wait', 'empty' or 'fail'";

class Service {
  @holds(isName, NAME) name = undefined;
  @IsOptional() @holds(isNonEmptyString, 'a non-empty string') tag = undefined;
  @IsOptional() @holds(isNonEmptyString, 'a non-empty string') dc = undefined;
  @IsOptional() @holds(isNonEmptyString, 'a non-empty string') zone = undefined;
  @IsOptional()
  @IsNumber({}, describeIssues(INTERVAL))
  @Min(1, describeIssues(INTERVAL))
  @Max(86_400, describeIssues(INTERVAL))
  interval = undefined;
  @IsOptional() @holds(isBalancerOption, BALANCER) balancer = undefined;
  // Checked by the parser of registry URLs, which masks secrets.
  @IsOptional() registry = undefined;
  @IsOptional()
  @holds((value) => Number.isInteger(value) && (value as number) >= 1, 'an integer of at least 1')
  subset = undefined;
  @IsOptional() @holds((value) => value === 0 || isSeconds(value), SECONDS) slowStart = undefined;
  @IsOptional() @holds(isSwitch, 'true, false or an object') outlierDetection = undefined;
  @IsOptional() @holds(isSwitch, 'true, false or an object') retry = undefined;
  @IsOptional()
  @holds(Array.isArray, 'an array of `host:port` or { address, port }')
  fallback = undefined;
}

class Guard {
  @IsOptional()
  @holds((value) => typeof value === 'number' && value >= 0 && value <= 1, 'a number from 0 to 1')
  threshold = undefined;
  @IsOptional() @holds(isSeconds, SECONDS) window = undefined;
  @IsOptional() @holds(isSeconds, SECONDS) grace = undefined;
}

class Options {
  // Checked by the parser of registry URLs, which masks secrets.
  @IsOptional() registry = undefined;
  @IsOptional() @holds(isString, 'a path, or empty for the variable CONTAINERPILOT') config = undefined;
  @IsOptional() @holds(Array.isArray, SERVICES) services = undefined;
  @IsOptional() @holds(isBalancerOption, BALANCER) balancer = undefined;
  @IsOptional() @IsIn(['wait', 'empty', 'fail'], describeIssues(BOOT)) boot = undefined;
  @IsOptional() @holds(isSeconds, SECONDS) bootTimeout = undefined;
  @IfGiven() @holds(isNonEmptyString, 'the path of a file') snapshot = undefined;
  @IsOptional() @IsBoolean(describeIssues('true or false')) enabled = undefined;
  @IsOptional() @IsBoolean(describeIssues('true or false')) sighup = undefined;
  @IsOptional()
  @holds((value) => Array.isArray(value) && value.every(isString), 'an array of CIDRs such as "10.0.0.0/8"')
  allow = undefined;
  @IsOptional()
  @holds(isSwitch, 'true, false or an object')
  expiryGuard = undefined;
  @IsOptional() @holds(isLogger, LOGGER) logger = undefined;
}

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= 86_400;
}

function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean' || typeof value === 'object';
}

/** Validates the options of the module. @throws InvalidOptionError with one sentence per invalid option */
export function checkPilotedOptions(options: PilotedModuleOptions): void {
  checkOptions(Options, options, 'PilotedModule');
  checkServices('services', options.services ?? []);
  if (typeof options.expiryGuard === 'object')
    checkOptions(Guard, options.expiryGuard, "PilotedModule's `expiryGuard`", 'expiryGuard.');
  new AddressPolicy(options.allow);
}

/** Validates a list of services. @throws InvalidOptionError when a service is invalid or listed twice */
export function checkServices(option: string, services: readonly (string | ServiceOptions)[]): void {
  if (!Array.isArray(services)) throw expected(option, SERVICES, services);
  const names = new Set<string>();
  services.forEach((service: string | ServiceOptions, index) => {
    const where = `${option}[${index}]`;
    if (typeof service === 'string') {
      if (!isName(service)) throw expected(where, NAME, service);
    } else checkService(where, service);
    const name = typeof service === 'string' ? service : service.name;
    if (names.has(name)) throw expected(where, 'a service that is not listed yet', name);
    names.add(name);
  });
}

function checkService(where: string, service: ServiceOptions): void {
  checkOptions(Service, service, `PilotedModule's \`${where}\``, `${where}.`);
  const { outlierDetection, retry, registry, fallback, name } = service;
  if (outlierDetection !== undefined) checkOutlierOptions(`${where}.outlierDetection`, outlierDetection);
  if (retry !== undefined) checkRetryOptions(`${where}.retry`, retry);
  if (Array.isArray(registry) && registry.length === 0)
    throw expected(`${where}.registry`, 'a registry or a non-empty array of registries', registry);
  if (registry !== undefined)
    for (const each of [registry].flat()) registrySource(each as string | RegistrySource, {});
  if (fallback !== undefined) readServices({ [name]: fallback }, `${where}.fallback`);
}
