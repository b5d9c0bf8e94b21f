import { ServiceCalls } from '../../calling/service-calls.js';
import { type RetryOptions } from '../../balancing/retry-options.js';
import { silentLogger } from '../../common/logger.js';
import { type ServiceHandle } from '../../piloted/service-handle.js';
import { completeInstance } from '../../registry/instance.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type DispatchController, type DispatchHandler } from './dispatch.js';
import { ModernHandler } from './modern-handler.js';
import { ServiceRequest } from './service-request.js';

/** One attempt, as undici would make it. */
class Attempt {
  aborted = false;
  private readonly controller = { abort: () => (this.aborted = true) } as unknown as DispatchController;

  constructor(private readonly handler: DispatchHandler) {
    handler.onRequestStart?.(this.controller, undefined);
  }

  answer(status: number): void {
    this.handler.onResponseStart?.(this.controller, status, {});
    this.handler.onResponseEnd?.(this.controller, {});
  }

  fail(): void {
    this.handler.onResponseError?.(
      this.controller,
      Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    );
  }
}

describe('ServiceRequest', () => {
  const clock = new VirtualClock();
  let attempts: Attempt[];
  let ends: string[];
  let seen: unknown[];

  beforeEach(() => {
    [attempts, ends, seen] = [[], [], []];
  });
  afterEach(() => {
    expect(clock.pending).toBe(0);
  });

  /** Sends a GET to a service of two endpoints, whose answers are given by {@link Attempt}. */
  function send({ retry, hedgeS }: { readonly retry?: RetryOptions; readonly hedgeS?: number }): void {
    const endpoints = ['one', 'two'].map((id) =>
      completeInstance({ service: 'web', id, address: '127.0.0.1', port: 80 }),
    );
    let picks = 0;
    const target = {
      name: 'web',
      revision: 1,
      candidates: endpoints,
      pick: () => endpoints[picks++ % 2]!,
      ready: () => Promise.resolve(),
      start: ({ id }: { readonly id: string }) => ({
        done: (_error: unknown, outcome?: string) => void ends.push(`${id} ${outcome}`),
      }),
    };
    const context = { service: 'web', clock, logger: silentLogger, applicationId: undefined };
    const calls = new ServiceCalls(target, context);
    calls.configure(retry);
    new ServiceRequest(
      {
        route: {
          handle: { name: 'web', calls } as unknown as ServiceHandle,
          protocol: 'http:',
          host: 'web',
          portOf: () => 80,
          originOf: () => 'http://127.0.0.1',
          portError: () => new Error('unused') as never,
        },
        call: calls.begin({}),
        clock,
        timeoutMs: Infinity,
        hedge: hedgeS === undefined ? undefined : { delay: hedgeS },
        dispatch: (_options, handler) => {
          attempts.push(new Attempt(handler));
          return true;
        },
      },
      { path: '/', method: 'GET' },
      new ModernHandler(
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, status) => void seen.push(status),
          onResponseError: (_controller, error) => void seen.push((error as Error).message),
        },
        {},
      ),
    ).run();
  }

  it.each([
    ['the answer that follows', (other: Attempt) => other.answer(200), 200],
    ['the last failure', (other: Attempt) => other.answer(503), 503],
    ['the last error', (other: Attempt) => other.fail(), 'reset'],
  ])(
    'waits for the other attempt of a hedge when one fails, and returns %s',
    async (_what, end, expected) => {
      send({ hedgeS: 1 });
      await clock.advance(1_000);
      expect(attempts).toHaveLength(2);
      attempts[1]!.answer(503);
      expect([seen, attempts[0]!.aborted, ends]).toEqual([[], false, ['two failure']]);
      end(attempts[0]!);
      expect(seen).toEqual([expected]);
    },
  );

  it('does not blame the endpoint for a 4xx that is retried', () => {
    send({ retry: { on: [429] } });
    attempts[0]!.answer(429);
    attempts[1]!.answer(200);
    expect([seen, ends]).toEqual([[200], ['one success', 'two success']]);
  });
});
