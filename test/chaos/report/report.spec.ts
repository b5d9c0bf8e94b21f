import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { Recorder } from '../recording/recorder.js';
import { type Finding } from '../validators/finding.js';
import { lanesOf } from './lanes.js';
import { writeReport } from './report.js';
import { timeline } from './timeline.js';

/** A short run in which a member is killed, a key goes away for a while and a call hangs. */
function run(): Recorder {
  const recorder = new Recorder(() => 0);
  const reading = (at: number, present: boolean): void =>
    recorder.record('reader', { kind: 'reading', key: 'a&b', began: at - 5, present, revision: at }, at);
  recorder.record('m0', { kind: 'fault', what: 'kill', phase: 'begin' }, 1_000);
  recorder.record('m0', { kind: 'fault', what: 'kill', phase: 'end' }, 2_000);
  reading(900, true);
  reading(1_100, true);
  reading(1_500, false);
  reading(2_100, true);
  recorder.record('heartbeat', { kind: 'state', state: 'lost' }, 1_400);
  recorder.record('watch', { kind: 'watch-open', after: 1 }, 800);
  recorder.record('watch', { kind: 'watch-reset', reason: 'compacted' }, 900);
  recorder.record('client', { kind: 'call', call: 1, what: 'put' }, 1_200);
  recorder.record('end', { kind: 'note', text: 'over' }, 3_000);
  return recorder;
}

const finding: Finding = { promise: 'no gap', who: 'a&b', at: 1_500, text: 'Expected "a&b" to be there.' };

describe('the drawn timeline', () => {
  it('has a lane for everything, and joins readings that agree', () => {
    const lanes = lanesOf(run().events);
    expect(lanes.map(({ name }) => name)).toEqual(['m0', 'key a&b', 'heartbeat', 'watch', 'calls of client']);
    expect(lanes[0]?.bars).toEqual([{ from: 1_000, to: 2_000, tone: 'bad', label: 'kill' }]);
    expect(lanes[1]?.bars.map(({ label, from, to }) => [label, from, to])).toEqual([
      ['there', 895, 1_100],
      ['gone', 1_495, 1_500],
      ['there', 2_095, 2_100],
    ]);
    expect(lanes[4]?.bars).toEqual([{ from: 1_200, to: 3_000, tone: 'bad', label: 'put' }]);
  });

  it('is well-formed, with what it shows escaped', () => {
    const svg = timeline(run().events, [finding]);
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(svg).not.toMatch(/&(?!#\d+;)/);
    for (const tag of ['text', 'rect', 'circle', 'line'])
      expect(svg.split(`<${tag} `).length).toBeGreaterThan(1);
    expect(svg.split('<title>').length).toBe(svg.split('</title>').length);
  });

  it('can be drawn of nothing', () => {
    expect(timeline([])).toContain('</svg>');
  });
});

describe('the report', () => {
  it('keeps the text, the picture and the recording', async () => {
    const into = await tempFolder('report');
    try {
      const report = {
        name: 'kill-members',
        seed: 7,
        recorder: run(),
        findings: [finding],
        figures: { kills: 1 },
      };
      const folder = await writeReport(report, into);
      expect(folder).toBe(join(into, 'kill-members-7'));
      const text = await readFile(join(folder, 'report.md'), 'utf8');
      expect(text).toContain('# kill-members: 1 promise broken');
      expect(text).toContain('Seed 7');
      expect(text).toContain('- kills: 1');
      expect(text).toContain('## no gap: a&b at 0.700 s');
      expect(text).toContain('0.600 s heartbeat {"kind":"state","state":"lost"}');
      expect((await stat(join(folder, 'timeline.svg'))).size).toBeGreaterThan(500);
      expect((await readFile(join(folder, 'recording.jsonl'), 'utf8')).split('\n')).toHaveLength(12);
    } finally {
      await removeFolder(into);
    }
  });
});
