import { join } from 'node:path';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { actors, loadRecording, ofKind, Recorder } from './recorder.js';

describe('the recorder', () => {
  it('returns events ordered by time, whatever the order of recording', () => {
    const recorder = new Recorder(() => 5);
    recorder.record('a', { kind: 'note', text: 'now' });
    recorder.record('b', { kind: 'note', text: 'earlier' }, 3);
    expect(recorder.events.map(({ at, who }) => [at, who])).toEqual([
      [3, 'b'],
      [5, 'a'],
    ]);
  });

  it('pairs calls with their answers', async () => {
    const recorder = new Recorder(() => 0);
    expect(await recorder.call('c', 'get k', async () => 'v')).toBe('v');
    const [call] = ofKind(recorder.events, 'call');
    const [answer] = ofKind(recorder.events, 'answer');
    expect([call?.what, answer?.ok, answer?.call]).toEqual(['get k', true, call?.call]);
  });

  it('reads its own file', async () => {
    const folder = await tempFolder('recording');
    try {
      const recorder = new Recorder();
      recorder.record('m0', { kind: 'fault', what: 'kill', phase: 'begin' });
      recorder.record('watch', { kind: 'watch-batch', changes: [], upTo: 7 });
      await recorder.save(join(folder, 'run.jsonl'));
      expect(await loadRecording(join(folder, 'run.jsonl'))).toEqual(recorder.events);
      expect(actors(recorder.events, 'fault', 'watch-batch')).toEqual(['m0', 'watch']);
    } finally {
      await removeFolder(folder);
    }
  });
});
