/** Where the library writes; Nest's `LoggerService` is one. Texts never hold secrets. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  /** @param stack where application code threw the error that the message reports */
  error(message: string, stack?: string): void;
  debug?(message: string): void;
}

/** Says nothing: the seed's default. */
export const silentLogger: Logger = Object.freeze({
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});
