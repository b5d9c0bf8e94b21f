import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** Nothing unhandled: no application has had an uncaught error or rejection. */
export function nothingUnhandled(recording: readonly Event[]): Finding[] {
  return ofKind(recording, 'unhandled').map(({ who, at, text }) => ({
    promise: 'nothing unhandled',
    who,
    at,
    text: `Expected every error to be caught, got the uncaught ${text}`,
  }));
}
