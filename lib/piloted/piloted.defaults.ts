/** The defaults of PilotedModule. */
export const PILOTED_DEFAULTS = Object.freeze({
  enabled: true,
  balancer: 'round-robin',
  boot: 'wait',
  /** Seconds. */
  bootTimeout: 5,
  sighup: true,
} as const);
