import { cleanStop, MAX_CLOSE, type Stop } from './clean-stop.js';

const GOOD: Stop = { took: MAX_CLOSE, present: false, traffic: 0, ended: 'by itself' };

describe('clean stop', () => {
  it('holds when all of it is so', () => {
    expect(cleanStop('app', GOOD)).toEqual([]);
  });

  it.each<[string, Partial<Stop>]>([
    ['is slow', { took: MAX_CLOSE + 1 }],
    ['leaves the key', { present: true }],
    ['continues to send', { traffic: 1 }],
    ['has to be killed', { ended: 'Expected the process to end by itself.' }],
  ])('fails when it %s', (_what, wrong) => {
    expect(cleanStop('app', { ...GOOD, ...wrong })).toMatchObject([{ who: 'app' }]);
  });
});
