import { type ServiceHandle } from '../piloted/service-handle.js';

/** The balancers whose part grpc-js's round robin takes. */
const ROUND_ROBIN: ReadonlySet<unknown> = new Set(['round-robin', 'weighted-round-robin']);

/** The sentence about the options of a service that do not apply to its gRPC calls; undefined without any. */
export function unusedOptions({
  name,
  balancingOptions: { balancer, slowStart } = { balancer: 'round-robin' },
  calls: { retryOption },
}: Pick<ServiceHandle, 'name' | 'balancingOptions' | 'calls'>): string | undefined {
  const unused = [
    ...(ROUND_ROBIN.has(balancer) ? [] : ['balancer']),
    ...(slowStart ? ['slowStart'] : []),
    ...(typeof retryOption === 'object' ? ['retry'] : []),
  ];
  if (unused.length === 0) return undefined;
  const names = unused.map((option) => `\`${option}\``).join(', ');
  return `The options ${names} of service "${name}" do not apply to its gRPC calls: grpc-js distributes them by round robin. Set retries and the policy in channelOptions['grpc.service_config'].`;
}

/** The sentence about weights that differ; undefined when all are equal. */
export function unusedWeights({
  name,
  candidates,
}: Pick<ServiceHandle, 'name' | 'candidates'>): string | undefined {
  const first = candidates[0]?.weight;
  if (candidates.every(({ weight }) => weight === first)) return undefined;
  return `The weights of service "${name}" differ, but gRPC calls are distributed evenly over its instances: only a weight of 0 applies to them.`;
}
