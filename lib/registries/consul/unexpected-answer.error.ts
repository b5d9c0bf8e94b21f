import { SidekickError } from '../../common/errors/index.js';

/** Something answered in Consul's place, or in a form that Consul does not use: a proxy's page, JSON of another shape. */
export class UnexpectedAnswerError extends SidekickError {
  readonly code = 'SIDEKICK_CONSUL_UNEXPECTED_ANSWER';
}
