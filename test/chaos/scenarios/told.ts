import { until } from '../../harness/wait.js';
import { ofKind, type Recorder } from '../recording/recorder.js';

/** Waits until so many states of `who` have been told, or for a second: what the store shows is told a moment later. */
export async function toldAs(recorder: Recorder, who: string, count: number): Promise<void> {
  const told = (): boolean =>
    ofKind(recorder.events, 'state').filter((event) => event.who === who).length >= count;
  await until(`${count} states of ${who}`, told, { deadline: 1_000, every: 50 }).catch(() => undefined);
}
