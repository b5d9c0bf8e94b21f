import { type Happening } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { steadyRenewals, undisturbed } from './undisturbed.js';

const SPAN = { from: 0, to: 3_000 };

describe('undisturbed', () => {
  const found = (happening: Happening, at = 100): number => {
    const recorder = new Recorder(() => at);
    recorder.record('app', happening);
    return undisturbed(recorder.events, 'app', SPAN).length;
  };

  it('holds while only acknowledgements, fresh lists and words for people come', () => {
    expect(found({ kind: 'acknowledged' })).toBe(0);
    expect(found({ kind: 'freshness', service: 's', stale: false })).toBe(0);
    expect(found({ kind: 'log', level: 'log', text: 'Kept.' })).toBe(0);
    expect(found({ kind: 'state', state: 'lost' }, 4_000)).toBe(0);
  });

  it.each<Happening>([
    { kind: 'state', state: 'lost' },
    { kind: 'endpoints', service: 's', endpoints: [], revision: 2, stale: false },
    { kind: 'freshness', service: 's', stale: true },
    { kind: 'pick-failed', service: 's', code: 'X' },
    { kind: 'log', level: 'warn', text: 'late' },
  ])('fails for %j', (happening) => {
    expect(found(happening)).toBe(1);
  });
});

describe('steady renewals', () => {
  const found = (...acks: number[]): number => {
    const recorder = new Recorder(() => 0);
    for (const at of acks) recorder.record('app', { kind: 'acknowledged' }, at);
    return steadyRenewals(recorder.events, 'app', SPAN, 1_000).length;
  };

  it('hold when they come about when they are due', () => {
    expect(found(500, 1_450, 2_600)).toBe(0);
    expect(found(0, 900, 1_800, 2_700)).toBe(0);
  });

  it('fail for a burst, for one that was left out, and where there is none', () => {
    expect(found(500, 510, 520, 1_400, 2_400)).toBe(1);
    expect(found(500, 2_600)).toBe(1);
    expect(found()).toBe(1);
  });
});
