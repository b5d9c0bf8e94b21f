import { type CallOutcome } from '../balancing/call.js';

/** The codes of `grpc.status`. */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const DATA_LOSS = 15;

/**
 * What a status says of the endpoint. A deadline is the caller's, and may be too short for any endpoint. UNKNOWN is the
 * status of an exception in a handler of Nest, which every endpoint would throw.
 */
export function outcomeOfStatus(code: number): CallOutcome {
  switch (code) {
    case INTERNAL:
    case UNAVAILABLE:
    case DATA_LOSS:
      return 'failure';
    case CANCELLED:
    case DEADLINE_EXCEEDED:
      return 'aborted';
    default:
      return 'success';
  }
}
