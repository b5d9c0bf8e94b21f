import { type AttemptEvents } from './attempt-events.js';
import { type DispatchController } from './dispatch.js';
import { ModernHandler } from './modern-handler.js';

/** The controller of an attempt, as undici makes one. */
function attemptController(): DispatchController {
  const state = { aborted: false, paused: false, reason: undefined as unknown };
  return Object.assign(state, {
    abort: (reason: unknown) => void Object.assign(state, { aborted: true, reason }),
    pause: () => undefined,
    resume: () => undefined,
  });
}

const events: AttemptEvents = {
  isChosen: true,
  onStart: () => undefined,
  onAnswer: () => true,
  onUpgrade: () => true,
  onDiscarded: () => undefined,
  onEnd: () => undefined,
  onError: () => true,
};

describe('ModernHandler', () => {
  it('lets the application abort although an attempt with an informational response was given up', () => {
    let call: DispatchController | undefined;
    const aborts: unknown[] = [];
    const caller = new ModernHandler({ onRequestStart: (controller) => void (call = controller) }, {});
    caller.start((reason) => void aborts.push(reason));
    const first = attemptController();
    caller.forAttempt(events).onResponseStart?.(first, 103, {});
    first.abort(new Error('the attempt took too long'));
    expect([call?.aborted, call?.reason]).toEqual([false, null]);
    call?.abort('mine');
    expect([call?.aborted, call?.reason, aborts]).toEqual([true, 'mine', ['mine']]);
  });
});
