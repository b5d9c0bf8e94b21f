import { randomUUID } from 'node:crypto';

/** The name of this copy. The module would make one up as well; here the answers carry it too. */
export const INSTANCE = `appserver-${randomUUID().slice(0, 8)}`;
