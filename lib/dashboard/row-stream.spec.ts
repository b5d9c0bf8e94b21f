import { VirtualClock } from '../testing/virtual-clock.js';
import { RowStore } from './row-store.js';
import { KEEP_ALIVE_MS, RowStream } from './row-stream.js';
import { type RowsMessage } from './rows.js';

const application = (title: string) =>
  new Map([['application', { kind: 'application', title, host: 'h', pid: 1, startedAt: 0 } as const]]);

function setup() {
  const clock = new VirtualClock();
  const store = new RowStore();
  const stream = new RowStream(store, clock);
  const change = (title: string): void => {
    store.replace(application(title));
    stream.notify();
  };
  const read = (): string | undefined => (stream.read() as Buffer | null)?.toString();
  return { clock, stream, change, read };
}

const titleOf = (event: string | undefined): string | undefined => {
  const row = event && (JSON.parse(event.replace('data: ', '')) as RowsMessage).rows.application;
  return row && row.kind === 'application' ? row.title : undefined;
};

describe('RowStream', () => {
  it('gives a slow reader the newest state only', () => {
    const { stream, change, read } = setup();
    change('1');
    expect(titleOf(read())).toBe('1');
    // One message waits for the reader; the changes after it are given as one.
    change('2');
    for (let index = 3; index < 1_000; index++) change(String(index));
    expect(stream.readableLength).toBeLessThan(1_000);
    const rest = [read(), read(), read()].map(titleOf).filter((title) => title !== undefined);
    expect(rest.length).toBeLessThanOrEqual(2);
    expect(rest.at(-1)).toBe('999');
    stream.destroy();
  });

  it('sends a comment after a silence', async () => {
    const { clock, stream, change, read } = setup();
    change('1');
    read();
    read();
    await clock.advance(KEEP_ALIVE_MS);
    expect(read()).toBe(':\n\n');
    stream.destroy();
  });

  it('ends, and leaves no timer behind', async () => {
    const { clock, stream, change } = setup();
    change('1');
    stream.resume();
    const ended = new Promise((resolve) => stream.once('end', resolve));
    stream.finish();
    await ended;
    expect(clock.pending).toBe(0);
  });

  it('takes no change after its end, although the reader has room and has not read the end', () => {
    const { stream, change, read } = setup();
    const errors: Error[] = [];
    stream.on('error', (error) => void errors.push(error));
    change('1');
    read();
    read();
    stream.finish();
    change('2');
    stream.finish();
    return new Promise<void>((resolve) => {
      setImmediate(() => {
        expect(errors).toEqual([]);
        stream.destroy();
        resolve();
      });
    });
  });
});
