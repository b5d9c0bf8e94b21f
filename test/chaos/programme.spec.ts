import { type Outcome, outcomeText, type PlayOptions } from './play.js';
import { type Part, playAll } from './programme.js';
import { type Scenario } from './scenarios/scenario.js';
import { type Finding } from './validators/finding.js';

const LATE: Finding = { promise: 'back in time', who: 'key', at: 0, text: 'It came late.', timed: true };
const WRONG: Finding = { promise: 'never two leaders', who: 'a', at: 0, text: 'a leads while b does.' };

/** The findings of each time that each scenario is played. */
type Script = Readonly<Record<string, readonly (readonly Finding[])[]>>;

interface Play {
  readonly name: string;
  readonly slowness: number;
  /** Scenarios that are played at the same time. */
  readonly beside: number;
}

interface Machine {
  readonly atOnce: number;
  readonly slowness?: number;
  readonly later?: number;
}

async function played(
  script: Script,
  alone: readonly string[],
  { atOnce, slowness = 1, later = 1 }: Machine,
): Promise<{ outcomes: readonly Outcome[]; plays: readonly Play[] }> {
  const plays: Play[] = [];
  let running = 0;
  const start = async (scenario: Scenario, options: PlayOptions): Promise<Outcome> => {
    const { name } = scenario;
    running += 1;
    const time = plays.filter((play) => play.name === name).length;
    plays.push({ name, slowness: options.slowness, beside: running - 1 });
    await new Promise(setImmediate);
    running -= 1;
    const findings = script[name]![time]!;
    return { scenario: name, promise: 'It holds', seed: 1, seconds: 1, figures: {}, findings };
  };
  const parts = Object.keys(script).map((name): Part => {
    const run = async (): Promise<readonly Finding[]> => await Promise.resolve([]);
    const scenario = { name, promise: 'It holds', alone: alone.includes(name), run };
    return { scenario, without: undefined };
  });
  const measure = async (): Promise<number> => await Promise.resolve(later);
  const options = { atOnce, seed: 1, size: { kills: 1 }, slowness, measure, reports: '' };
  const outcomes = await Promise.all(playAll(parts, options, start));
  return { outcomes, plays };
}

describe('playAll', () => {
  it('plays what needs the machine for itself when the others are over, one by one', async () => {
    const { plays } = await played({ a: [[]], b: [[]], c: [[]], d: [[]] }, ['a', 'c'], { atOnce: 2 });
    expect(plays.map(({ name, beside }) => [name, beside])).toEqual([
      ['b', 0],
      ['d', 1],
      ['a', 0],
      ['c', 0],
    ]);
  });

  it('plays a scenario once more, alone, that only exceeded times beside others', async () => {
    const script = { a: [[LATE], []], b: [[LATE], [LATE]], c: [[]] };
    const { outcomes, plays } = await played(script, [], { atOnce: 3, later: 2 });
    expect(plays.slice(3)).toEqual([
      { name: 'a', slowness: 2, beside: 0 },
      { name: 'b', slowness: 2, beside: 0 },
    ]);
    expect(outcomes.map(({ findings, first }) => [findings, first?.findings])).toEqual([
      [[], [LATE]],
      [[LATE], [LATE]],
      [[], undefined],
    ]);
  });

  it('excuses nothing that is wrong at any speed', async () => {
    const { outcomes, plays } = await played({ a: [[LATE, WRONG]] }, [], {
      atOnce: 3,
      slowness: 4,
      later: 4,
    });
    expect(plays).toHaveLength(1);
    expect(outcomes).toMatchObject([{ findings: [LATE, WRONG] }]);
  });

  it('excuses no lateness on a machine that is fast and has nothing else to do', async () => {
    const { outcomes, plays } = await played({ a: [[LATE]], b: [[LATE]] }, ['b'], { atOnce: 1 });
    expect(plays).toHaveLength(2);
    expect(outcomes).toMatchObject([{ findings: [LATE] }, { findings: [LATE] }]);
  });

  it('plays once more on a machine that is slow', async () => {
    const before = await played({ a: [[LATE], []] }, ['a'], { atOnce: 1, slowness: 1.6 });
    const now = await played({ a: [[LATE], []] }, ['a'], { atOnce: 1, later: 1.6 });
    for (const { outcomes } of [before, now]) expect(outcomes).toMatchObject([{ findings: [] }]);
  });
});

describe('outcomeText', () => {
  it('tells both times', async () => {
    const { outcomes } = await played({ a: [[LATE], []] }, [], { atOnce: 2 });
    expect(outcomeText(outcomes[0]!)).toBe(
      [
        'late   a: It holds (seed 1, 1 s)',
        '       ! back in time (key): It came late.',
        '       Only times were exceeded. It was played once more, alone:',
        'held   a: It holds (seed 1, 1 s)',
      ].join('\n'),
    );
  });
});
