import { type Stage } from '../stage.js';

/** Milliseconds between two readings. */
const EVERY = 500;

/** Records a server's counter of requests all the time, where it can be read, until the returned function is called. */
export function sampled(
  stage: Stage,
  who: string,
  what: string,
  count: () => Promise<number>,
): () => Promise<void> {
  let reading: Promise<void> = Promise.resolve();
  const read = async (): Promise<void> => {
    const requests = await count().catch(() => undefined);
    if (requests !== undefined) stage.recorder.record(who, { kind: 'requests', what, count: requests });
  };
  const timer = setInterval(() => {
    reading = reading.then(read);
  }, EVERY);
  const end = async (): Promise<void> => {
    clearInterval(timer);
    await reading;
  };
  stage.atEnd(end);
  return end;
}
