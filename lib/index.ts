/**
 * `nestjs-sidekick`: the API for applications. Drivers are written against `nestjs-sidekick/registry`.
 *
 * @packageDocumentation
 */

// Registration
export { Heartbeat } from './sidekick/heartbeat.decorator.js';
export { Sidekick } from './sidekick/sidekick.service.js';
export { DEFAULT_TTL, DEFAULT_UPDATE_INTERVAL } from './sidekick/sidekick.defaults.js';
export { SIDEKICK_CLOCK, SIDEKICK_OPTIONS } from './sidekick/sidekick.tokens.js';
export { SidekickModule } from './sidekick/sidekick.module.js';
export {
  type AnnouncedService,
  type RegisteredKey,
  type ServiceUpdate,
} from './sidekick/registered-entry.js';
export {
  type HeartbeatOptions,
  type ServiceAnnouncement,
  type SidekickModuleAsyncOptions,
  type SidekickModuleOptions,
  type SidekickOptionsFactory,
  type Value,
} from './sidekick/sidekick.options.js';
export { type LostReason } from './registration/registration-machine.js';
export {
  type RegistrationEvent,
  type RegistrationState,
  type RegistrationStatus,
} from './registration/registration-status.js';

// Elections and locks
export {
  type CampaignOptions,
  type DeposedReason,
  type Election,
  type ElectionChange,
  type Leader,
  type LeaderRun,
} from './election/election.js';
export { type ElectionStatus } from './election/election-client.js';
export { Elections } from './sidekick/elections/elections.service.js';
export { getElectionToken } from './sidekick/elections/election-token.js';
export { LeaderOnly } from './sidekick/elections/leader-only.decorator.js';
export { Locked } from './sidekick/elections/locked.decorator.js';
export { type LockedOptions } from './sidekick/elections/locked.options.js';
export { OnDeposed } from './sidekick/elections/on-deposed.decorator.js';
export { OnElected } from './sidekick/elections/on-elected.decorator.js';
export { type RunContext } from './sidekick/elections/run-context.js';

// Names that an application declares
export {
  type ElectionName,
  type ElectionNames,
  type LockName,
  type LockNames,
  type ServiceName,
  type ServiceNames,
} from './common/declared-names.js';

// Discovery
export {
  type DiscoveryDump,
  DiscoveryService,
  type EndpointDump,
  type ServiceDump,
} from './piloted/discovery.service.js';
export { Endpoint } from './discovery/endpoint.js';
export { getServiceToken } from './piloted/piloted.tokens.js';
export { OnServiceChange } from './piloted/on-service-change.decorator.js';
export { PILOTED_DEFAULTS } from './piloted/piloted.options.js';
export { PILOTED_CLOCK, PILOTED_OPTIONS } from './piloted/piloted.tokens.js';
export { PilotedModule } from './piloted/piloted.module.js';
export { Service, type ServiceDecorator } from './piloted/service.decorator.js';
export { ServiceHandle } from './piloted/service-handle.js';
export {
  type HandleEndpointStatus,
  type ReadyOptions,
  type UrlOptions,
} from './piloted/service-handle.types.js';
export { type EndpointsDiff, ServiceChange, type ServiceState } from './discovery/service-change.js';
export {
  type BootMode,
  type ExpiryGuard,
  type PilotedModuleAsyncOptions,
  type PilotedModuleOptions,
  type PilotedOptionsFactory,
  type ServiceOptions,
} from './piloted/piloted.options.js';

// Balancing
export { type Balancer } from './balancing/balancer.js';
export { type BalancerContext, type BalancerName, type BalancerOption } from './balancing/create-balancer.js';
export { type Call, type CallDetails, type CallOutcome } from './balancing/call.js';
export { OUTLIER_DEFAULTS, type OutlierDetectionOptions } from './balancing/outliers/outlier-options.js';
export { type FailurePercentageOptions, type SuccessRateOptions } from './balancing/outliers/rate-rules.js';
export { RETRY_DEFAULTS, type RetryOptions, type RetryReason } from './balancing/retry-options.js';

// Calling
export { type CallFunction, type CallOptions } from './calling/call-function.js';
export { type CallRetryOptions } from './calling/retry-policy.js';
export { type ServiceCallOptions } from './calling/service-calls.js';

// Registries
export { file } from './registries/file/file.js';
export { fixed, type FixedInstance, type FixedServices } from './registries/fixed/fixed.js';
export { memory, type MemoryOptions, type MemorySource } from './registries/memory/memory.js';
export { type MemoryStore } from './registries/memory/memory-store.js';
export { type Instance } from './registry/instance.js';
export { type RegistrySource } from './registry/registry-source.js';

// Errors
export { AlreadyHeldError } from './registration/already-held.error.js';
export { BundledPackageError } from './common/errors/bundled-package.error.js';
export { ClosedError } from './common/errors/closed.error.js';
export { ConfigError } from './containerpilot/config.error.js';
export { DeadlineExceededError } from './common/errors/deadline-exceeded.error.js';
export { IntervalTooSmallError } from './sidekick/interval-too-small.error.js';
export { InvalidOptionError } from './common/errors/invalid-option.error.js';
export { LeadershipLostError } from './election/leadership-lost.error.js';
export { LockLostError } from './election/lock-lost.error.js';
export { MissingPeerError } from './common/errors/missing-peer.error.js';
export { NoAddressError } from './common/errors/no-address.error.js';
export { NoEndpointsError } from './piloted/no-endpoints.error.js';
export { RegistryRefusedError } from './common/errors/registry-refused.error.js';
export {
  type EndpointFailure,
  RegistryUnavailableError,
} from './common/errors/registry-unavailable.error.js';
export { SidekickError, type SidekickErrorOptions } from './common/errors/sidekick.error.js';
export { TlsError, type TlsErrorCode } from './common/errors/tls.error.js';
export { UnknownServiceError } from './piloted/unknown-service.error.js';
