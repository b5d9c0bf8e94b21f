import { Writable } from 'node:stream';
import { VirtualClock } from '../testing/virtual-clock.js';
import { DashboardStreams, REFRESH_INTERVAL_MS } from './dashboard-streams.js';
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
      const stream = streams.open()!;
      const connection = new StalledConnection();
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
});
