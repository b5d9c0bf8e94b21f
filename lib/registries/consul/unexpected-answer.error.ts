import { SidekickError } from '../../common/errors/index.js';

/** The response did not come from Consul, such as a proxy's page, or its JSON has a shape that Consul does not use. */
export class UnexpectedAnswerError extends SidekickError {
  readonly code = 'SIDEKICK_CONSUL_UNEXPECTED_ANSWER';
}
