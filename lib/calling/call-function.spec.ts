import { type Call, type CallOutcome } from '../balancing/call.js';
import { silentLogger } from '../common/logger.js';
import { completeInstance } from '../registry/instance.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type CallOptions, callFunction, type CallFunction } from './call-function.js';
import { ServiceCalls } from './service-calls.js';

const endpoints = ['a', 'b', 'c'].map((id) =>
  completeInstance({ service: 'db', id, address: '10.0.0.1', port: 5_432 }),
);
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

describe('callFunction', () => {
  let clock: VirtualClock;
  let ends: string[];
  let calls: ServiceCalls;
  let lines: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    ends = [];
    lines = [];
    const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) };
    let next = 0;
    const start = ({ id }: { readonly id: string }): Call => ({
      done: (_error?: unknown, outcome?: CallOutcome) => ends.push(`${id} ${outcome}`),
    });
    const target = {
      name: 'db',
      revision: 1,
      candidates: endpoints,
      ready: async () => undefined,
      pick: (key?: string | number) => endpoints[key === undefined ? next++ % 3 : 0]!,
      start,
    };
    calls = new ServiceCalls(target, { service: 'db', clock, logger, applicationId: undefined });
  });

  const call = async <T>(fn: CallFunction<T>, options: CallOptions = {}): Promise<T> =>
    await callFunction(calls, fn, options);

  it('reports a success', async () => {
    expect(await call(({ id }) => id)).toBe('a');
    expect(ends).toEqual(['a success']);
  });

  it("keeps the service's option where that of the call is undefined", async () => {
    calls.configure({ attempts: 3 });
    const failing = call(() => Promise.reject(refused), { retry: { attempts: undefined as never } });
    await expect(failing).rejects.toThrow('refused');
    expect(ends).toEqual(['a failure', 'b failure', 'c failure']);
  });

  it('runs again with another endpoint after a refused connection', async () => {
    const fn = ({ id }: { readonly id: string }): string => {
      if (id === 'a') throw refused;
      return id;
    };
    expect(await call(fn)).toBe('b');
    expect(ends).toEqual(['a failure', 'b success']);
  });

  it('avoids the endpoint that failed even where the key names it', async () => {
    const fn = ({ id }: { readonly id: string }): string => {
      if (id === 'a') throw refused;
      return id;
    };
    expect(await call(fn, { key: 'k' })).toBe('b');
  });

  it('runs again after a reset only if that is safe', async () => {
    await expect(call(() => Promise.reject(reset))).rejects.toBe(reset);
    expect(ends).toEqual(['a failure']);
    await expect(call(() => Promise.reject(reset), { idempotent: true })).rejects.toBe(reset);
    expect(ends).toEqual(['a failure', 'b failure', 'c failure']);
  });

  it('runs once with retry false', async () => {
    await expect(call(() => Promise.reject(refused), { retry: false })).rejects.toBe(refused);
    expect(ends).toEqual(['a failure']);
  });

  it('stops at an error that says nothing about the endpoint', async () => {
    await expect(
      call(() => Promise.reject(new Error('duplicate key')), { idempotent: true }),
    ).rejects.toThrow('duplicate key');
    expect(ends).toEqual(['a aborted']);
  });

  it('has one deadline over all attempts', async () => {
    const fn: CallFunction<never> = (_endpoint, signal) =>
      new Promise((_resolve, fail) => {
        signal.addEventListener('abort', () => fail(signal.reason as Error));
      });
    const options = { timeout: 3, idempotent: true, retry: { attempts: 5, perTryTimeout: 1 } };
    const result = expect(call(fn, options)).rejects.toThrow('was not answered within');
    await clock.advance(10_000);
    await result;
    expect(ends).toEqual(['a failure', 'b failure', 'c aborted']);
  });

  it("rejects with the caller's reason, whatever the function throws", async () => {
    const controller = new AbortController();
    const reason = new Error('the user left');
    const result = expect(
      call(() => new Promise(() => undefined), { signal: controller.signal }),
    ).rejects.toBe(reason);
    controller.abort(reason);
    await result;
    expect(ends).toEqual(['a aborted']);
    await expect(call(() => 1, { signal: controller.signal })).rejects.toBe(reason);
    expect(ends).toEqual(['a aborted']);
  });

  it('counts a Response of fetch by its status', async () => {
    expect((await call(() => new Response('', { status: 503 }))).status).toBe(503);
    expect((await call(() => new Response('', { status: 404 }))).status).toBe(404);
    expect(ends).toEqual(['a failure', 'b success']);
  });

  it('spends the budget that all calls of the service share', async () => {
    calls.configure({ budget: 0, minPerSecond: 0.1 });
    await expect(call(() => Promise.reject(refused))).rejects.toBe(refused);
    await expect(call(() => Promise.reject(refused))).rejects.toBe(refused);
    await expect(call(() => Promise.reject(refused))).rejects.toBe(refused);
    expect(ends).toEqual(['a failure', 'b failure', 'c failure', 'a failure']);
    expect(lines).toEqual([
      expect.stringContaining('No connection to endpoint "a"'),
      'The retry budget of service "db" is spent by 1 retries of 2 calls in 10 s (last failure: refused): failed calls are not repeated until fewer fail. Its option `retry` sets the budget.',
    ]);
  });

  it.each([
    ['an object, as the clients of Nest reject with', { status: 'error', message: 'no such order' }],
    ['a string', 'no such order'],
    ['undefined', undefined],
    ['an object that is no string', Object.create(null) as unknown],
  ])('rejects with what the function rejected with: %s', async (_, thrown) => {
    const outcome = await call(() => Promise.reject(thrown as Error)).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    expect(outcome?.error).toBe(thrown);
    expect(ends).toEqual(['a aborted']);
  });

  it.each([
    [
      { timeout: Number.NaN },
      'Expected `options.timeout` to be a number of seconds above 0, at most 86400, got NaN.',
    ],
    [{ timeout: 0 }, 'Expected `options.timeout` to be a number of seconds above 0, at most 86400, got 0.'],
    [
      { retry: { perTryTimeout: '1s' } },
      /^Expected `options\.retry\.perTryTimeout` to be a number of seconds/,
    ],
    [{ retry: null }, /^Expected `options\.retry` to be true, false or an object/],
    [{ idempotent: 'yes' }, 'Expected `options.idempotent` to be true or false, got "yes".'],
    [
      { timeoutMs: 5 },
      /^Expected `options` to be an object with fields among key, retry, idempotent, timeout, signal/,
    ],
  ])('refuses %j, and makes no call', async (options, message) => {
    await expect(call(() => 'answer', options as unknown as CallOptions)).rejects.toThrow(message);
    expect(ends).toEqual([]);
  });
});
