import { Writable } from 'node:stream';
import { StandardStream } from './standard-stream.js';

const NEVER = new AbortController().signal;

describe('StandardStream', () => {
  let answer: (error?: Error) => void;
  let failures: Error[];
  let stream: StandardStream;

  beforeEach(() => {
    failures = [];
    const slow = new Writable({
      highWaterMark: 4,
      write: (_chunk, _encoding, callback) => {
        answer = callback;
      },
    });
    stream = new StandardStream(
      () => slow,
      (error) => failures.push(error),
    );
  });

  /** Whether `promise` settles without anything else happening. */
  async function settles(promise: Promise<void>): Promise<boolean> {
    const next = new Promise((resolve) => setImmediate(resolve));
    return await Promise.race([promise.then(() => true), next.then(() => false)]);
  }

  it('is drained before the first write, and while it takes more', async () => {
    expect(await settles(stream.drained(NEVER))).toBe(true);
    stream.write('a');
    expect(await settles(stream.drained(NEVER))).toBe(true);
  });

  it('is drained again when the reader has taken what was written', async () => {
    stream.write('a long line');
    const drained = stream.drained(NEVER);
    expect(await settles(drained)).toBe(false);
    answer();
    expect(await settles(drained)).toBe(true);
  });

  it('does not wait for a stream that fails, and writes no more to it', async () => {
    stream.write('a long line');
    const drained = stream.drained(NEVER);
    answer(new Error('EPIPE'));
    expect(await settles(drained)).toBe(true);
    stream.write('a long line');
    expect(await settles(stream.drained(NEVER))).toBe(true);
    expect(failures).toEqual([new Error('EPIPE')]);
  });

  it('does not wait once the program is interrupted', async () => {
    const aborter = new AbortController();
    stream.write('a long line');
    const drained = stream.drained(aborter.signal);
    aborter.abort();
    expect(await settles(drained)).toBe(true);
    expect(await settles(stream.drained(aborter.signal))).toBe(true);
  });
});
