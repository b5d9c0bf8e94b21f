import {
  ConfigError,
  type ContainerPilotConfig,
  loadContainerPilot,
} from '../../../lib/containerpilot/index.js';

export type Env = Record<string, string>;

/** Loads a configuration on a host of a known name. */
export function load(text: string, env: Env = {}): ContainerPilotConfig {
  return loadContainerPilot(text, env, { hostname: 'box' });
}

/** Returns the error that the configuration causes. */
export function failure(text: string, env: Env = {}): ConfigError {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('Expected a failure.');
}
