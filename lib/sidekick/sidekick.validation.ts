import {
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  Max,
  Min,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';
import { isHost, isPort } from '../common/address.js';
import { checkOptions, describeIssues, IfGiven } from '../common/check-options.js';
import { MAX_SECONDS } from '../common/clock.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { isLogger, LOGGER } from '../common/logger.js';
import { checkName, isName, MAX_NAME_BYTES } from '../common/names.js';
import { isInterfaceSpec } from '../common/interfaces.js';
import { MAX_VALUE_BYTES } from '../registry/check-record.js';
import { isRecordOf, isString } from '../registry/instance-shape.js';
import { IntervalTooSmallError } from './interval-too-small.error.js';
import { type ServiceUpdate } from './registered-entry.js';
import { MIN_TTL, MIN_UPDATE_INTERVAL } from './sidekick.defaults.js';
import {
  type HeartbeatOptions,
  type ServiceAnnouncement,
  type SidekickModuleOptions,
  type Value,
} from './sidekick.options.js';

const Satisfies = (
  name: string,
  validate: (value: unknown) => boolean,
  options: ValidationOptions,
): PropertyDecorator => ValidateBy({ name, validator: { validate } }, options);

const NAME = `a string of 1 to ${MAX_NAME_BYTES} bytes without control characters`;
const TTL = `an integer of seconds from ${MIN_TTL} to ${MAX_SECONDS}`;
const UPDATE_INTERVAL = `a number of seconds from ${MIN_UPDATE_INTERVAL} to ${MAX_SECONDS}`;
const MAX_HANG = `a number of seconds from 1 to ${MAX_SECONDS}`;

class HeartbeatShape {
  @IsOptional()
  @IsInt(describeIssues(TTL))
  @Min(MIN_TTL, describeIssues(TTL))
  @Max(MAX_SECONDS, describeIssues(TTL))
  ttl = undefined;
  @IsOptional()
  @IsNumber({}, describeIssues(UPDATE_INTERVAL))
  @Max(MAX_SECONDS, describeIssues(UPDATE_INTERVAL))
  updateInterval = undefined;
  @IsOptional() @IsBoolean(describeIssues('true or false')) exclusive = undefined;
}

class ModuleShape extends HeartbeatShape {
  @IsOptional()
  @Satisfies(
    'source',
    (value) => isString(value) || isRecordOf({ value }, (source) => typeof source === 'object'),
    describeIssues('a URL or the result of a driver function'),
  )
  registry = undefined;
  @IfGiven()
  @Satisfies('path', isString, describeIssues("a path, or '' for the environment variable CONTAINERPILOT"))
  config = undefined;
  @IsOptional() @Satisfies('name', isName, describeIssues(NAME)) key = undefined;
  @IsOptional()
  @Satisfies(
    'value',
    (value) => isString(value) || typeof value === 'function',
    describeIssues('a string or a function that returns one'),
  )
  value = undefined;
  @IsOptional() service = undefined;
  @IsOptional() @IsBoolean(describeIssues('true or false')) failFast = undefined;
  @IsOptional()
  @IsNumber({}, describeIssues('a number of seconds from 0 to 3600'))
  @Min(0, describeIssues('a number of seconds from 0 to 3600'))
  @Max(3600, describeIssues('a number of seconds from 0 to 3600'))
  drain = undefined;
  @IsOptional()
  @IsNumber({}, describeIssues('a number of seconds from 0 to 3600'))
  @Min(0, describeIssues('a number of seconds from 0 to 3600'))
  @Max(3600, describeIssues('a number of seconds from 0 to 3600'))
  grace = undefined;
  @IsOptional() @IsBoolean(describeIssues('true or false')) enabled = undefined;
  @IsOptional() @IsBoolean(describeIssues('true or false')) isolate = undefined;
  @IsOptional()
  @IsNumber({}, describeIssues(MAX_HANG))
  @Min(1, describeIssues(MAX_HANG))
  @Max(MAX_SECONDS, describeIssues(MAX_HANG))
  maxHang = undefined;
  @IsOptional() @Satisfies('logger', isLogger, describeIssues(LOGGER)) logger = undefined;
}

/** What can change of a registered instance. */
class UpdateShape {
  @IfGiven()
  @Satisfies(
    'tags',
    (value) => Array.isArray(value) && value.every(isString),
    describeIssues('an array of strings'),
  )
  tags = undefined;
  @IsOptional()
  @Satisfies('meta', (value) => isRecordOf(value, isString), describeIssues('an object of strings'))
  meta = undefined;
  @IsOptional()
  @IsInt(describeIssues('an integer from 0 to 65535'))
  @Min(0, describeIssues('an integer from 0 to 65535'))
  @Max(65_535, describeIssues('an integer from 0 to 65535'))
  weight = undefined;
}

class AnnouncementShape extends UpdateShape {
  @Satisfies('name', isName, describeIssues(NAME)) name = undefined;
  @IsOptional() @Satisfies('name', isName, describeIssues(NAME)) id = undefined;
  @IfGiven() @Satisfies('host', isHost, describeIssues('an IP address or a hostname')) address = undefined;
  @IfGiven()
  @Satisfies(
    'interfaces',
    (value) => Array.isArray(value) && value.length > 0 && value.every(isInterfaceSpec),
    describeIssues(
      'an array of interface specifications such as eth0, eth0:inet6, inet, 10.0.0.0/8 or static:10.0.0.1',
    ),
  )
  interfaces = undefined;
  @IsOptional() @Satisfies('port', isPort, describeIssues('an integer from 1 to 65535')) port = undefined;
  @IsOptional()
  @Satisfies(
    'ports',
    (value) => isRecordOf(value, isPort),
    describeIssues('an object of ports, each from 1 to 65535'),
  )
  ports = undefined;
  @IfGiven() @Satisfies('zone', isString, describeIssues('a string')) zone = undefined;
  @IsOptional()
  @Satisfies(
    'ready',
    (value) => typeof value === 'function',
    describeIssues('a function that returns true or false'),
  )
  ready = undefined;
}

/** @throws InvalidOptionError, IntervalTooSmallError */
export function checkUpdateInterval(seconds: number): void {
  if (typeof seconds !== 'number' || Number.isNaN(seconds) || seconds > MAX_SECONDS) {
    throw expected('updateInterval', UPDATE_INTERVAL, seconds);
  }
  if (seconds < MIN_UPDATE_INTERVAL) {
    throw new IntervalTooSmallError(`expected \`updateInterval\` to be ${UPDATE_INTERVAL}, got ${seconds}.`);
  }
}

/** @throws InvalidOptionError, IntervalTooSmallError */
export function checkHeartbeatOptions(options: HeartbeatOptions, of: string): void {
  checkOptions(HeartbeatShape, options, of);
  if (options.updateInterval !== undefined) checkUpdateInterval(options.updateInterval);
}

/**
 * @param prefix precedes the names of the options in messages: "service."
 * @throws InvalidOptionError
 */
export function checkAnnouncement(service: ServiceAnnouncement, of: string, prefix = ''): void {
  checkOptions(AnnouncementShape, service, of, prefix);
}

/** @throws InvalidOptionError */
export function checkServiceUpdate(changes: ServiceUpdate): void {
  checkOptions(UpdateShape, changes, 'update()');
}

/** @throws InvalidOptionError, IntervalTooSmallError */
export function checkSidekickOptions(options: SidekickModuleOptions): void {
  checkOptions(ModuleShape, options, 'SidekickModule');
  if (options.updateInterval !== undefined) checkUpdateInterval(options.updateInterval);
  if (options.isolate === true && typeof options.registry === 'object') {
    throw new InvalidOptionError(
      'Expected `registry` to be a URL together with `isolate`, since the worker thread opens the registry itself; got the result of a driver function.',
    );
  }
  if (options.service !== undefined) {
    checkAnnouncement(options.service, "SidekickModule's `service`", 'service.');
  }
  if (options.key !== undefined) checkKey(options.key, options.value ?? '');
  else if (options.value !== undefined) throw expected('key', 'given together with `value`', options.key);
}

/** @throws InvalidOptionError when the value is not a string without lone surrogates, or is over 64 KiB */
export function checkValue(key: string, value: unknown): asserts value is string {
  if (!isString(value)) throw expected(`value of ${key}`, 'a string', value);
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) {
    throw expected(`value of ${key}`, `at most ${MAX_VALUE_BYTES} bytes long`, `${bytes} bytes`);
  }
}

/** @throws InvalidOptionError */
export function checkKey(key: string, value: Value): void {
  checkName('key', key);
  if (typeof value !== 'function') checkValue(key, value);
}
