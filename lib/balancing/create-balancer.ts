import { expected } from '../common/expected.js';
import { type Random } from '../common/random.js';
import { type Balancer } from './balancer.js';
import { type ServiceStatistics } from './service-statistics.js';
import { RandomChoice } from './strategies/random-choice.js';
import { RoundRobin } from './strategies/round-robin.js';

/** What a balancer factory receives. */
export interface BalancerContext {
  readonly service: string;
  readonly random: Random;
}

/** What the built-in strategies receive. */
export interface StrategyContext extends BalancerContext {
  /** What is known of the endpoints from the calls to them. */
  readonly statistics: ServiceStatistics;
}

const STRATEGIES = {
  'round-robin': () => new RoundRobin(),
  random: ({ random }: StrategyContext) => new RandomChoice(random),
} as const satisfies Record<string, (context: StrategyContext) => Balancer>;

/** Names of the built-in strategies. */
export type BalancerName = keyof typeof STRATEGIES;

/** A strategy by name, a factory that is called once per service, or a balancer for a single service. */
export type BalancerOption = BalancerName | ((context: BalancerContext) => Balancer) | Balancer;

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
  const balancer = typeof option === 'function' ? option(context) : option;
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
