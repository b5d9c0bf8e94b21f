import { CHANNELS, type HeartbeatMessage, listen } from '../../common/diagnostics.js';
import { type Report } from './protocol.js';
import { forwardDiagnostics, publishForwarded } from './worker-diagnostics.js';

describe('forwardDiagnostics', () => {
  it('reports the messages of one turn together, and the main thread publishes them frozen', async () => {
    const reports: Report[] = [];
    const end = forwardDiagnostics((report) => void reports.push(structuredClone(report)));
    const message = { applicationId: 'app', key: 'k' };
    CHANNELS.heartbeatRenewed.publish(message);
    CHANNELS.heartbeatLost.publish({ ...message, reason: 'expired' });
    await new Promise((resolve) => setImmediate(resolve));
    end();
    expect(reports).toEqual([
      {
        kind: 'diagnostics',
        messages: [
          { channel: 'heartbeatRenewed', message },
          { channel: 'heartbeatLost', message: { ...message, reason: 'expired' } },
        ],
      },
    ]);

    const heard: HeartbeatMessage[] = [];
    const stop = listen(CHANNELS.heartbeatLost, 'app', (lost) => heard.push(lost));
    for (const report of reports) if (report.kind === 'diagnostics') publishForwarded(report.messages);
    stop();
    expect(heard).toEqual([{ ...message, reason: 'expired' }]);
    expect(Object.isFrozen(heard[0])).toBe(true);
  });
});
