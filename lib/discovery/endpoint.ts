import { type Instance } from '../registry/instance.js';

/**
 * Where one running copy of a service answers: `address` and `port`, and what it said of itself. Frozen, and the same
 * object for as long as nothing about it changes.
 */
export interface Endpoint extends Instance {
  /** An IP address or hostname. */
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
}

/**
 * The type of an `Endpoint` at run time, for the metadata that decorated signatures leave: a plain `import` of the type
 * then works with `isolatedModules` and with SWC, and a validating pipe takes the parameter for any object.
 */
export const Endpoint = Object;
