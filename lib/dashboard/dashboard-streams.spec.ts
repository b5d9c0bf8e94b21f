import { once } from 'node:events';
import { Writable } from 'node:stream';
import { VirtualClock } from '../testing/virtual-clock.js';
import { DashboardStreams, FINISH_MS, REFRESH_INTERVAL_MS } from './dashboard-streams.js';
import { type Row } from './rows.js';

/** A connection whose reader never reads: it takes one message, and no further one. */
class StalledConnection extends Writable {
  constructor() {
    super({ highWaterMark: 1, write: () => undefined });
  }
}

describe('DashboardStreams', () => {
  it('costs 200 readers that do not read no memory that grows', async () => {
    const clock = new VirtualClock();
    let round = 0;
    const rows = (): ReadonlyMap<string, Row> =>
      new Map(
        Array.from({ length: 100 }, (_, n) => [
          `endpoint/web/${n}`,
          { kind: 'endpoint', service: 'web', id: String(n), calls: round } as unknown as Row,
        ]),
      );
    const streams = new DashboardStreams(clock, rows);
    const readers = Array.from({ length: 200 }, () => {
      const connection = new StalledConnection();
      const stream = streams.open(connection)!;
      return { stream, connection: stream.pipe(connection) };
    });
    const buffered = (): number =>
      readers.reduce(
        (sum, { stream, connection }) => sum + stream.readableLength + connection.writableLength,
        0,
      );
    const refresh = async (): Promise<void> => {
      round += 1;
      await clock.advance(REFRESH_INTERVAL_MS);
    };
    for (let n = 0; n < 3; n += 1) await refresh();
    const before = buffered();
    for (let n = 0; n < 40; n += 1) await refresh();
    expect(before).toBeGreaterThan(0);
    expect(buffered()).toBe(before);

    for (const { stream } of readers) stream.destroy();
    await clock.advance(REFRESH_INTERVAL_MS);
    expect(clock.pending).toBe(0);
  });

  it('keeps nothing for a reader that has left before its stream is opened', async () => {
    const clock = new VirtualClock();
    const streams = new DashboardStreams(clock, () => new Map());
    const connection = new StalledConnection();
    const closed = once(connection, 'close');
    connection.destroy();
    await closed;
    const stream = streams.open(connection)!.resume();
    await once(stream, 'end');
    streams.beforeApplicationShutdown();
    expect(clock.pending).toBe(0);
  });

  it('cuts the connection of a reader that takes nothing when the application stops', async () => {
    const clock = new VirtualClock();
    let round = 0;
    const streams = new DashboardStreams(
      clock,
      () =>
        new Map([['application', { kind: 'application', title: String((round += 1)) } as unknown as Row]]),
    );
    const connection = new StalledConnection();
    const errors: Error[] = [];
    const stream = streams.open(connection)!.on('error', (error) => void errors.push(error));
    stream.pipe(connection);
    await clock.advance(3 * REFRESH_INTERVAL_MS);
    streams.beforeApplicationShutdown();
    await clock.advance(FINISH_MS - 1);
    expect(connection.destroyed).toBe(false);
    await clock.advance(1);
    expect(connection.destroyed).toBe(true);
    await new Promise(setImmediate);
    expect([stream.destroyed, clock.pending, errors]).toEqual([true, 0, []]);
  });
});
