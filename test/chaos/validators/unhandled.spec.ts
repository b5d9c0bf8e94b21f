import { Recorder } from '../recording/recorder.js';
import { nothingUnhandled } from './unhandled.js';

describe('nothing unhandled', () => {
  it('holds for errors that were only logged, and fails for an uncaught one', () => {
    const recorder = new Recorder(() => 0);
    recorder.record('app', { kind: 'log', level: 'error', text: 'of no consequence' });
    expect(nothingUnhandled(recorder.events)).toEqual([]);
    recorder.record('app', { kind: 'unhandled', text: 'Error: adrift' });
    expect(nothingUnhandled(recorder.events)).toMatchObject([{ who: 'app' }]);
  });
});
