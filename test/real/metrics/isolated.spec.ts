import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';

interface Report {
  readonly channel: string;
  readonly message: Readonly<Record<string, unknown>>;
}

describe('An application with isolated heartbeats', () => {
  it('publishes in its main thread what the thread of the heartbeats does', async () => {
    const folder = await tempFolder('isolated');
    const script = fileURLToPath(new URL('./isolated-application.mjs', import.meta.url));
    const child = fork(script, { env: { ...process.env, SIDEKICK_REGISTRY: `file:${folder}` } });
    const reports: Report[] = [];
    child.on('message', (report: Report) => reports.push(report));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const of = (channel: string): Report | undefined => reports.find((report) => report.channel === channel);
    const renewal = (): Report | undefined =>
      reports.find(
        ({ channel, message }) =>
          channel === 'request' && message.operation === 'renew' && message.outcome === 'ok',
      );
    await until('a renewal', () => of('renewed') !== undefined && renewal() !== undefined);
    child.send('end');
    expect(await ended).toBe(0);
    expect(of('renewed')?.message).toEqual({
      applicationId: expect.any(String) as string,
      key: 'isolated',
    });
    expect(renewal()).toEqual({
      channel: 'request',
      message: {
        applicationId: of('renewed')?.message.applicationId,
        registry: 'file',
        operation: 'renew',
        outcome: 'ok',
        durationMs: expect.any(Number) as number,
      },
    });
    expect(of('beats')?.message.expiresIn).toBeGreaterThan(0);
    await removeFolder(folder);
  });
});
