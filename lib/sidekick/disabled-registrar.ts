import { type Registrar } from '../registration/registrar.js';

const done = (): Promise<void> => Promise.resolve();
const nothing = (): void => undefined;

/** Registers nothing. Used by a module with `enabled: false`. */
export const DISABLED_REGISTRAR: Registrar = Object.freeze({
  statuses: Object.freeze([]),
  onEvent: () => nothing,
  register: () => Promise.resolve({ id: '', first: done() }),
  update: done,
  updateInterval: nothing,
  ttl: done,
  pause: done,
  resume: nothing,
  stop: done,
  connect: () => Promise.resolve(nothing),
  close: done,
});
