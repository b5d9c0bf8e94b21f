import { type Registrar, type Registration } from '../registration/registrar.js';

const done = (): Promise<void> => Promise.resolve();
const nothing = (): void => undefined;

const DISABLED_REGISTRATION: Registration = Object.freeze({
  status: Object.freeze({ key: '', state: 'stopped', lastAck: undefined, age: undefined }),
  first: done(),
  update: done,
  setUpdateInterval: nothing,
  setTtl: done,
  pause: done,
  resume: nothing,
  stop: done,
});

/** Registers nothing. Used by a module with `enabled: false`. */
export const DISABLED_REGISTRAR: Registrar = Object.freeze({
  statuses: Object.freeze([]),
  onEvent: () => nothing,
  register: () => Promise.resolve(DISABLED_REGISTRATION),
  connect: () => Promise.resolve(nothing),
  close: done,
});
