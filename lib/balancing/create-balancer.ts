import { type Clock } from '../common/clock.js';
import { expected } from '../common/expected.js';
import { type Random } from '../common/random.js';
import { type Balancer } from './balancer.js';
import { type ServiceStatistics } from './service-statistics.js';
import { LeastRequest } from './strategies/least-request.js';
import { Maglev } from './strategies/maglev.js';
import { PeakEwma } from './strategies/peak-ewma.js';
import { PickFirst } from './strategies/pick-first.js';
import { RandomChoice } from './strategies/random-choice.js';
import { RoundRobin } from './strategies/round-robin.js';

/** What a balancer factory receives. */
export interface BalancerContext {
  /** Name of the service. */
  readonly service: string;
  /** A source of numbers from 0 to below 1, for tests to replace. */
  readonly random: Random;
}

/** What the built-in strategies receive. */
export interface StrategyContext extends BalancerContext {
  readonly clock: Clock;
  /** What is known of the endpoints from the calls to them. */
  readonly statistics: ServiceStatistics;
}

const roundRobin = ({ random }: StrategyContext): Balancer => new RoundRobin(random);

const STRATEGIES = {
  'round-robin': roundRobin,
  'weighted-round-robin': roundRobin,
  random: ({ random }: StrategyContext) => new RandomChoice(random),
  'least-request': ({ random, statistics }: StrategyContext) => new LeastRequest(random, statistics),
  'peak-ewma': ({ random, statistics }: StrategyContext) => new PeakEwma(random, statistics),
  maglev: ({ service, clock }: StrategyContext) => new Maglev(service, clock),
  'pick-first': ({ random }: StrategyContext) => new PickFirst(random),
} as const satisfies Record<string, (context: StrategyContext) => Balancer>;

/** Names of the built-in strategies. */
export type BalancerName = keyof typeof STRATEGIES;

/**
 * A strategy by name, a factory or class that makes one balancer per service, or a balancer for a single service.
 */
export type BalancerOption =
  | BalancerName
  | ((context: BalancerContext) => Balancer)
  | (new (context: BalancerContext) => Balancer)
  | Balancer;

/** The names of the built-in strategies, for messages. */
export const BALANCER_NAMES = Object.keys(STRATEGIES) as readonly BalancerName[];

/** Balancer objects in use. A second service would overwrite the list of the first. */
const inUse = new WeakSet<Balancer>();

/** Whether `value` has the form of a {@link BalancerOption}. */
export function isBalancerOption(value: unknown): value is BalancerOption {
  if (typeof value === 'string') return Object.hasOwn(STRATEGIES, value);
  return typeof value === 'function' || isBalancer(value);
}

/**
 * Makes the balancer of one service.
 *
 * @throws InvalidOptionError when `option` is not a balancer option, or is a balancer object that another service uses
 */
export function createBalancer(option: BalancerOption, context: StrategyContext): Balancer {
  if (!isBalancerOption(option)) throw notABalancer(option);
  if (typeof option === 'string') return STRATEGIES[option](context);
  const balancer = typeof option === 'function' ? make(option, context) : option;
  if (!isBalancer(balancer)) throw notABalancer(balancer);
  if (inUse.has(balancer))
    throw expected(
      'balancer',
      `a name or a function where several services have one: service "${context.service}" cannot share a balancer`,
      option,
    );
  inUse.add(balancer);
  return balancer;
}

/** Lets another service use a balancer object, once its own is closed. */
export function releaseBalancer(balancer: Balancer): void {
  inUse.delete(balancer);
}

type MakesBalancer = Extract<BalancerOption, (...args: never[]) => unknown> | BalancerClass;
type BalancerClass = new (context: BalancerContext) => Balancer;

function make(option: MakesBalancer, context: BalancerContext): Balancer {
  return isClass(option) ? new option(context) : option(context);
}

function isClass(option: MakesBalancer): option is BalancerClass {
  const { prototype } = option as { readonly prototype?: Partial<Balancer> };
  return typeof prototype?.pick === 'function';
}

function isBalancer(value: unknown): value is Balancer {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Balancer>).pick === 'function' &&
    typeof (value as Partial<Balancer>).update === 'function'
  );
}

function notABalancer(got: unknown): Error {
  const names = BALANCER_NAMES.map((name) => `'${name}'`).join(', ');
  return expected('balancer', `${names}, or an object with \`update\` and \`pick\``, got);
}
