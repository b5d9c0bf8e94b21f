export * from './common/errors/index.js';
export { file } from './registries/file/file.js';
export { ConfigError } from './containerpilot/config.error.js';
export { NoAddressError } from './common/errors/no-address.error.js';
export { fixed, type FixedInstance, type FixedServices } from './registries/fixed/fixed.js';
export { memory, type MemoryOptions, type MemorySource } from './registries/memory/memory.js';
export { type MemoryStore } from './registries/memory/memory-store.js';
export {
  completeInstance,
  DEFAULT_WEIGHT,
  type Instance,
  type PartialInstance,
} from './registry/instance.js';
export type * from './registry/entry-record.js';
export type * from './registry/registry.js';
export { SessionGoneError } from './registry/session-gone.error.js';
export type * from './registry/registry-source.js';
export {
  type RegistrationStatus,
  type RegistrationEvent,
  type RegistrationState,
} from './registration/registration-status.js';
export { AlreadyHeldError } from './registration/already-held.error.js';
export { type LostReason } from './registration/registration-machine.js';
export { Heartbeat } from './sidekick/heartbeat.decorator.js';
export { IntervalTooSmallError } from './sidekick/interval-too-small.error.js';
export {
  type AnnouncedService,
  type RegisteredKey,
  type ServiceUpdate,
} from './sidekick/registered-entry.js';
export { DEFAULT_TTL, DEFAULT_UPDATE_INTERVAL } from './sidekick/sidekick.defaults.js';
export { SIDEKICK_OPTIONS } from './sidekick/sidekick.tokens.js';
export { SidekickModule } from './sidekick/sidekick.module.js';
export {
  type HeartbeatOptions,
  type ServiceAnnouncement,
  type SidekickModuleAsyncOptions,
  type SidekickModuleOptions,
  type SidekickOptionsFactory,
  type Value,
} from './sidekick/sidekick.options.js';
export { Sidekick } from './sidekick/sidekick.service.js';
export { type Balancer, type Call } from './balancing/balancer.js';
export { type BalancerContext, type BalancerName, type BalancerOption } from './balancing/create-balancer.js';
export { Endpoint } from './discovery/endpoint.js';
export { type EndpointsDiff, ServiceChange, type ServiceState } from './discovery/service-change.js';
export * from './piloted/index.js';
