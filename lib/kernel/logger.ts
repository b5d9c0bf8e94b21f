/** Where the library writes; Nest's `LoggerService` is one. Texts never hold secrets. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug?(message: string): void;
}

/** Says nothing: the seed's default. */
export const silentLogger: Logger = Object.freeze({
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});
