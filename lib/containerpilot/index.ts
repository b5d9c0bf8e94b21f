export { ConfigError, type ConfigErrorPlace } from './config.error.js';
export type * from './config.js';
export {
  DEFAULT_INTERFACES,
  type Interfaces,
  selectAddress,
  type SelectAddressOptions,
} from '../common/interfaces.js';
export {
  checkContainerPilot,
  type CheckedContainerPilot,
  loadContainerPilot,
  type LoadOptions,
} from './load.js';
export { NoAddressError } from '../common/errors/no-address.error.js';
export { type Env, renderTemplate } from './template/render.js';
export { type WatchedChange, type WatchedEndpoint, type WatchEvent, watchEvents } from './watch-events.js';
