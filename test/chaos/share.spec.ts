import { asTheyAre, partName } from './programme.js';
import { SCENARIOS } from './scenarios/index.js';
import { partOf, shareOf } from './share.js';

describe('the share of .ci/run', () => {
  it('names scenarios that can be played side by side, each once', () => {
    const parts = shareOf(SCENARIOS);
    expect(parts.filter(({ scenario }) => scenario.alone === true)).toEqual([]);
    expect(new Set(parts.map(partName)).size).toBe(parts.length);
  });

  it('refuses a name that is no scenario', () => {
    expect(() => shareOf([])).toThrow('Expected the share to name a scenario, got "kill-members".');
  });
});

describe('--part', () => {
  it('divides the scenarios', () => {
    const all = asTheyAre(SCENARIOS);
    const divided = ['1/3', '2/3', '3/3'].flatMap((which) => partOf(all, which));
    expect(new Set(divided)).toEqual(new Set(all));
    expect(divided).toHaveLength(all.length);
  });

  it.each(['0/3', '4/3', '1', 'a/b'])('refuses %s', (which) => {
    expect(() => partOf([], which)).toThrow(`Expected \`--part\` to be like 1/3, got "${which}".`);
  });
});
