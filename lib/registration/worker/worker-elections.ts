export { createWorkerElections } from '../../election/worker/create-worker-elections.js';
import { type ElectionChannel } from '../../election/worker/election-channel.js';
import { type ElectionRequest, type ElectionResult } from '../../election/worker/protocol.js';
import { type Result } from './protocol.js';
import { type WorkerThread } from './worker-thread.js';

/** The worker thread, as elections use it. */
export function electionChannel(thread: WorkerThread): ElectionChannel {
  return {
    send: async (request: ElectionRequest) => resultOf(await thread.requestOnce(request)),
    use: (user) =>
      thread.use({
        onReport: (report) => {
          if (report.kind === 'candidacy' || report.kind === 'term-went-back' || report.kind === 'lock-lost')
            user.onReport(report);
        },
        onEnded: () => {
          user.onEnded();
        },
        restore: (send) => user.restore(async (request) => resultOf(await send(request))),
      }),
  };
}

function resultOf(result: Result): ElectionResult | undefined {
  return typeof result === 'object' ? result : undefined;
}
