import { CHANNELS, type HeartbeatMessage, listen } from '../../common/diagnostics.js';
import { type Report } from './protocol.js';
import { DiagnosticsForwarder, noteSubscribers, publishForwarded } from './worker-diagnostics.js';

describe('DiagnosticsForwarder', () => {
  const message = { applicationId: 'app', key: 'k' };
  const wanted = new Int32Array(new SharedArrayBuffer(4));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('reports the messages of one turn together, and the main thread publishes them frozen', async () => {
    const heard: HeartbeatMessage[] = [];
    const stops = [
      listen(CHANNELS.heartbeatRenewed, 'other', () => undefined),
      listen(CHANNELS.heartbeatLost, 'app', (lost) => heard.push(lost)),
    ];
    noteSubscribers(wanted);
    const reports: Report[] = [];
    const forwarder = new DiagnosticsForwarder(
      (report) => void reports.push(structuredClone(report)),
      wanted,
    );
    forwarder.update();
    CHANNELS.heartbeatRenewed.publish(message);
    CHANNELS.heartbeatLost.publish({ ...message, reason: 'expired' });
    await turn();
    Atomics.store(wanted, 0, 0);
    forwarder.update();
    expect(reports).toEqual([
      {
        kind: 'diagnostics',
        messages: [
          { channel: 'heartbeatRenewed', message },
          { channel: 'heartbeatLost', message: { ...message, reason: 'expired' } },
        ],
      },
    ]);

    heard.length = 0;
    for (const report of reports) if (report.kind === 'diagnostics') publishForwarded(report.messages);
    for (const stop of stops) stop();
    expect(heard).toEqual([{ ...message, reason: 'expired' }]);
    expect(Object.isFrozen(heard[0])).toBe(true);
  });

  it('subscribes only to what the main thread listens to, from the next update on', () => {
    noteSubscribers(wanted);
    const forwarder = new DiagnosticsForwarder(() => undefined, wanted);
    forwarder.update();
    expect(CHANNELS.heartbeatRenewed.hasSubscribers).toBe(false);

    const stop = listen(CHANNELS.heartbeatRenewed, 'app', () => undefined);
    noteSubscribers(wanted);
    stop();
    forwarder.update();
    expect(CHANNELS.heartbeatRenewed.hasSubscribers).toBe(true);
    expect(CHANNELS.heartbeatLost.hasSubscribers).toBe(false);

    Atomics.store(wanted, 0, 0);
    forwarder.update();
    expect(CHANNELS.heartbeatRenewed.hasSubscribers).toBe(false);
  });
});
