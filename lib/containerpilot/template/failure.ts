/** An error of a template with its byte offset. `render` converts it to a `ConfigError` with line and column. */
export class TemplateFailure extends Error {
  constructor(
    message: string,
    /** Byte offset in the template. */
    readonly offset: number,
  ) {
    super(message);
  }
}

/** A function rejected its arguments, or a limit is exceeded. The evaluator converts it to a {@link TemplateFailure}. */
export class CallFailure extends Error {}
