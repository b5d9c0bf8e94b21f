/** Seconds a key outlives its last renewal. */
export const DEFAULT_TTL = 10;

/** Seconds between two computations of a value. */
export const DEFAULT_UPDATE_INTERVAL = 8;

/** Least TTL, in seconds: etcd grants no smaller one. */
export const MIN_TTL = 2;

/** Least update interval, in seconds. */
export const MIN_UPDATE_INTERVAL = 1;

/** All defaults of `SidekickModule`. */
export const SIDEKICK_DEFAULTS = Object.freeze({
  ttl: DEFAULT_TTL,
  updateInterval: DEFAULT_UPDATE_INTERVAL,
  enabled: true,
  failFast: true,
  drain: 0,
  grace: 5,
  exclusive: false,
  isolate: false,
  maxHang: 30,
});
