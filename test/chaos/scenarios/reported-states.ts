import { until } from '../../harness/wait.js';
import { ofKind, type Recorder } from '../recording/recorder.js';

/** Waits for `count` reported states of `who`, at most ten seconds: a state is reported a moment after it is in the store. */
export async function untilReported(recorder: Recorder, who: string, count: number): Promise<void> {
  const reported = (): boolean =>
    ofKind(recorder.events, 'state').filter((event) => event.who === who).length >= count;
  await until(`${count} states of ${who}`, reported, { deadline: 10_000, every: 50 }).catch(() => undefined);
}
