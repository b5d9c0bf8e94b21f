/** Where and why a template failed, before it is given its place in a file. Never leaves this folder. */
export class TemplateFailure extends Error {
  constructor(
    message: string,
    /** The byte of the template at which it happened. */
    readonly offset: number,
  ) {
    super(message);
  }
}

/** Why a function refused its arguments; the evaluator adds the place. Never leaves this folder. */
export class CallFailure extends Error {}
