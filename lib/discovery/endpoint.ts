import { type Instance } from '../registry/instance.js';

/**
 * The address and metadata of one running instance of a service. Frozen. It stays the same object until a value of it
 * changes.
 */
export interface Endpoint extends Instance {
  /** IP address or hostname. */
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
}

/**
 * The run-time type of an `Endpoint`, for the metadata that TypeScript emits on decorated signatures. A plain `import`
 * of the type then works with `isolatedModules` and with SWC, and a validating pipe accepts any object for the parameter.
 */
export const Endpoint = Object;

/** Whether two endpoints have the same address and port, whatever else differs. */
export function isSamePlace(one: Endpoint, other: Endpoint): boolean {
  return one === other || (one.address === other.address && one.port === other.port);
}
