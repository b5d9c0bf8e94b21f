export { ConfigError, type ConfigErrorPlace } from '../containerpilot/config.error.js';
export type * from '../containerpilot/config.js';
export {
  DEFAULT_INTERFACES,
  type Interfaces,
  selectAddress,
  type SelectAddressOptions,
} from '../containerpilot/interfaces.js';
export {
  checkContainerPilot,
  type CheckedContainerPilot,
  loadContainerPilot,
  type LoadOptions,
} from '../containerpilot/load.js';
export { NoAddressError } from '../containerpilot/no-address.error.js';
export { type Env, renderTemplate } from '../containerpilot/template/render.js';
