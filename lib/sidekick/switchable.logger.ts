import { type Logger } from '../common/logger.js';

/** A logger whose target can be replaced at run time. */
export class SwitchableLogger implements Logger {
  constructor(private target: Logger) {}

  /** Writes to `target` from now on. */
  use(target: Logger): void {
    this.target = target;
  }

  log(message: string): void {
    this.target.log(message);
  }

  warn(message: string): void {
    this.target.warn(message);
  }

  error(message: string, ...stack: [stack?: string]): void {
    this.target.error(message, ...stack);
  }

  debug(message: string): void {
    this.target.debug?.(message);
  }
}
