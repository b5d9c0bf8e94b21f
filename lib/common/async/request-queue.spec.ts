import { VirtualClock } from '../../testing/virtual-clock.js';
import { DeadlineExceededError, RegistryUnavailableError } from '../errors/index.js';
import { attempt } from './deadline.js';
import { isUnanswered, RequestQueue } from './request-queue.js';

const TIMEOUT_MS = 2_000;

/** Runs `count` requests of `tookMs` milliseconds each, two at a time, and returns when each of them ended. */
async function run(count: number, tookMs: (n: number) => number): Promise<readonly [string, number][]> {
  const clock = new VirtualClock();
  const queue = new RequestQueue(2);
  const outcomes: [string, number][] = [];
  const requests = Array.from({ length: count }, (_, n) =>
    queue
      .run(() =>
        attempt(
          { clock, timeoutMs: TIMEOUT_MS, what: `Request ${n}` },
          async () => await new Promise<void>((resolve) => void clock.after(tookMs(n), resolve)),
        ),
      )
      .then(
        () => outcomes.push(['answered', clock.now()]),
        () => outcomes.push(['failed', clock.now()]),
      ),
  );
  await clock.advance(100_000);
  await Promise.all(requests);
  return outcomes;
}

describe('RequestQueue', () => {
  it('begins the deadline of a request when it is sent', async () => {
    const outcomes = await run(20, () => 1_500);
    expect(new Set(outcomes.map(([outcome]) => outcome))).toEqual(new Set(['answered']));
    expect(outcomes.at(-1)![1] - outcomes[0]![1]).toBe(9 * 1_500);
  });

  it('fails all waiting requests at once when the server answers nothing', async () => {
    const outcomes = await run(200, () => 1_000_000);
    expect(outcomes.filter(([outcome]) => outcome === 'failed')).toHaveLength(200);
    expect(outcomes.at(-1)![1] - outcomes[0]![1]).toBe(0);
  });

  it('fails only the request without an answer when others are answered', async () => {
    const outcomes = await run(20, (n) => (n === 0 ? 1_000_000 : 100));
    expect(outcomes.filter(([outcome]) => outcome === 'failed')).toHaveLength(1);
  });

  it('takes a refusal for an answer, and sees a deadline behind another error', () => {
    expect(isUnanswered(new Error('refused'))).toBe(false);
    const cause = new DeadlineExceededError('not answered');
    expect(isUnanswered(new RegistryUnavailableError('consul://a', [], { cause }))).toBe(true);
    expect(isUnanswered(new RegistryUnavailableError('consul://a', [], { cause: new Error('reset') }))).toBe(
      false,
    );
  });
});
