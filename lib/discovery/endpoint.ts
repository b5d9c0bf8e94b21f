import { type Instance } from '../registry/instance.js';

/**
 * Where one running copy of a service answers: `address` and `port`, and what it said of itself. Frozen, and the same
 * object for as long as nothing about it changes.
 */
export type Endpoint = Instance;
