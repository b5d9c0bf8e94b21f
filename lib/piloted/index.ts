export { PILOTED_DEFAULTS } from './piloted.defaults.js';
export { DiscoveryService, type DiscoveryDump, type ServiceDump } from './discovery.service.js';
export { NoEndpointsError } from './no-endpoints.error.js';
export { OnServiceChange } from './on-service-change.decorator.js';
export { PilotedModule } from './piloted.module.js';
export type {
  BootMode,
  ExpiryGuard,
  PilotedModuleAsyncOptions,
  PilotedModuleOptions,
  PilotedOptionsFactory,
  ServiceOptions,
} from './piloted.options.js';
export { PILOTED_OPTIONS } from './piloted.tokens.js';
export { Service, type ServiceDecorator } from './service.decorator.js';
export { ServiceHandle, type ReadyOptions, type UrlOptions } from './service-handle.js';
export { getServiceToken } from './service.token.js';
export { UnknownServiceError } from './unknown-service.error.js';
