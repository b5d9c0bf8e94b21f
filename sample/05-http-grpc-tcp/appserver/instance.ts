import { randomUUID } from 'node:crypto';

/** Id of this instance. Without it the module would generate one; here the answers contain it too. */
export const INSTANCE = `appserver-${randomUUID().slice(0, 8)}`;
