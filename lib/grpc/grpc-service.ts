import { Logger } from '@nestjs/common';
import { type Interceptor } from '@grpc/grpc-js';
import { type GrpcOptions } from '@nestjs/microservices';
import { systemClock } from '../common/clock.js';
import { checkObject, expected } from '../common/expected.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { ChannelTarget, TARGET_OPTION } from './channel-target.js';
import { loadGrpcPackage } from './grpc-package.js';
import { outcomeInterceptor } from './outcome-interceptor.js';
import { registerServiceResolver, targetOf } from './service-resolver.js';
import { unusedOptions } from './unused-options.js';

/** Options of {@link grpcService}: those of Nest's gRPC client except `url`, and the port. */
export type GrpcServiceOptions = Omit<GrpcOptions['options'], 'url'> & {
  /**
   * Name of one of the endpoints' `ports`. Instances without it are not called.
   *
   * @default the endpoint's `port`
   */
  readonly port?: string;
};

/** The value of `Transport.GRPC`, which is not imported: `@nestjs/microservices` is an optional peer. */
const GRPC_TRANSPORT: unknown = 4;

/** Longest wait between two attempts to connect to an instance. grpc-js waits up to 120 s, longer than a restart takes. */
const MAX_RECONNECT_BACKOFF_MS = 5_000;

type ChannelOptions = Readonly<Record<string, unknown>>;

/** The targets by handle and port name: clients with the same target share connections. */
const targets = new WeakMap<ServiceHandle, Map<string | undefined, ChannelTarget>>();

/**
 * The options of a Nest gRPC client that calls the instances of a service, for `ClientsModule.registerAsync`. grpc-js
 * connects to every instance, distributes calls by round robin, and follows the list of the handle.
 *
 * ```ts
 * ClientsModule.registerAsync([{ name: 'HERO', inject: [DiscoveryService],
 *   useFactory: (discovery: DiscoveryService) => grpcService(discovery.of('hero'), { package: 'hero', protoPath }) }])
 * ```
 *
 * @throws MissingPeerError when `@nestjs/microservices` or `@grpc/grpc-js` is not installed
 * @throws InvalidOptionError
 */
export function grpcService(handle: ServiceHandle, options: GrpcServiceOptions): GrpcOptions {
  checkHandle(handle);
  checkObject('options', options);
  const { port, ...rest } = options;
  if (port !== undefined && typeof port !== 'string') throw expected('port', 'the name of a port', port);
  const grpc = loadGrpcPackage();
  registerServiceResolver(grpc);
  const target = targetFor(handle, port);
  return {
    transport: GRPC_TRANSPORT as NonNullable<GrpcOptions['transport']>,
    options: {
      ...rest,
      url: targetOf(handle.name),
      channelOptions: channelOptions(target, rest.channelOptions ?? {}, outcomeInterceptor(grpc, target)),
    },
  };
}

function checkHandle(handle: unknown): void {
  const { pick, start } = (handle ?? {}) as Partial<ServiceHandle>;
  if (typeof pick !== 'function' || typeof start !== 'function')
    throw expected('handle', 'a ServiceHandle, as DiscoveryService.of(name) returns it', handle);
}

function targetFor(handle: ServiceHandle, port: string | undefined): ChannelTarget {
  const byPort = targets.get(handle) ?? new Map<string | undefined, ChannelTarget>();
  targets.set(handle, byPort);
  const known = byPort.get(port);
  if (known) return known;
  const logger = new Logger('GrpcService');
  const unused = unusedOptions(handle);
  if (unused !== undefined) logger.warn(unused);
  const target = new ChannelTarget(handle, port, systemClock, logger);
  byPort.set(port, target);
  return target;
}

function channelOptions(
  target: ChannelTarget,
  own: ChannelOptions,
  interceptor: Interceptor,
): ChannelOptions {
  return {
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS,
    // A proxy of the environment would be asked to connect to the name of the service.
    'grpc.enable_http_proxy': 0,
    ...own,
    ...interceptors(own, interceptor),
    ...serviceConfig(own),
    [TARGET_OPTION]: target,
  };
}

/** grpc-js accepts one of `interceptors` and `interceptor_providers`. Ours is the last: it sees each attempt of the others. */
function interceptors(
  { interceptors: given, interceptor_providers: providers }: ChannelOptions,
  interceptor: Interceptor,
): ChannelOptions {
  if (Array.isArray(providers) && providers.length > 0)
    return { interceptor_providers: [...(providers as unknown[]), () => interceptor] };
  return { interceptors: [...(Array.isArray(given) ? (given as unknown[]) : []), interceptor] };
}

/** The channel's own service config, with round robin unless it chooses another policy. */
function serviceConfig({ 'grpc.service_config': json }: ChannelOptions): ChannelOptions {
  if (json === undefined) return {};
  const config = parsed(json);
  if (!config) throw expected("channelOptions['grpc.service_config']", 'a JSON object', json);
  return {
    'grpc.service_config': JSON.stringify({
      loadBalancingConfig: [{ round_robin: {} }],
      ...config,
    }),
  };
}

function parsed(json: unknown): object | undefined {
  if (typeof json !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
