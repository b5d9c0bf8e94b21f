import { readFileSync } from 'node:fs';
import { type Line } from '../bench/measure/line.js';
import { compared, median, percentile, reaches } from '../bench/measure/statistics.js';
import { chartsOf, drawn } from '../bench/report/charts.js';
import { machine } from '../bench/report/machine.js';
import { page } from '../bench/report/page.js';
import { table } from '../bench/report/table.js';
import { REST } from '../bench/rest.js';
import { ROWS } from '../bench/rows.js';
import { clusterCost, type Fleet } from '../bench/simulation/cluster-cost.js';
import { fleetOf, tables } from '../bench/simulation/tables.js';
import { CONSUL_COSTS, ETCD_COSTS } from '../bench/simulation/unit-costs.js';

const LINE: Line = {
  what: 'pick',
  unit: 'ns',
  ours: [10, 30, 20],
  floor: { name: 'array[i++ % n]', values: [10, 20, 25] },
  goal: { of: 'ratio', atMost: 1.1 },
};

describe('the figures of a line', () => {
  it('has the median ratio of the rounds, not the ratio of the medians', () => {
    expect(median(LINE.ours)).toBe(20);
    expect(compared(LINE, 'ratio')).toBe(1);
    expect(compared(LINE, 'difference')).toBe(0);
    expect(percentile([1, 2, 3, 4], 0.99)).toBe(4);
  });

  it('reaches its goal, misses it, or has none', () => {
    expect(reaches(LINE)).toBe(true);
    expect(reaches({ ...LINE, goal: { of: 'ours', atLeast: 21 } })).toBe(false);
    expect(reaches({ ...LINE, floor: { name: 'none', values: [] } })).toBeUndefined();
  });

  it('names a peer that is missing', () => {
    const peers = [{ name: 'piloted', values: [] }];
    expect(table([{ what: 'pick', unit: 'ns', ours: [1], peers }])).toContain('missing, piloted');
  });
});

describe('the charts of a row', () => {
  it('has one only for a row with several positions', () => {
    expect(chartsOf('pick', [{ ...LINE, x: 3 }])).toEqual({});
    const lines = [3, 1_000].map((x) => ({ ...LINE, x }));
    const svg = drawn(chartsOf('pick', lines).pick!);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });
});

describe('the charts of calls', () => {
  it('have a bar for each side, above each other only by their values', () => {
    const lines = ['GET', 'POST'].map((call) => ({ ...LINE, what: `${call}, latency p50`, unit: 'ms' }));
    const charts = chartsOf('calls', lines);
    expect(Object.keys(charts)).toEqual(['calls-p50']);
    const svg = drawn(charts['calls-p50']!);
    expect(svg.match(/<rect x/g)).toHaveLength(4);
    expect(svg).toContain('POST');
    expect(svg).not.toContain('NaN');
  });
});

describe('the page', () => {
  const [row] = ROWS;
  const on = { ...machine(), memoryReadNs: 99.6 };

  it('reports a variant that failed, and keeps the others', () => {
    const result = { lines: [LINE], failures: ['The variant "3" has no figures.'], seconds: 1 };
    const text = page(on, 5, [{ row: row!, result, charts: ['pick'] }]);
    expect(text).toContain('**Failed.** The variant "3" has no figures.');
    expect(text).toContain('| pick ');
  });

  it('names the state of the machine', () => {
    expect(page(on, 5, [])).toContain('a read of main memory took 100 ns');
  });

  it('names a row that was not measured', () => {
    expect(page(on, 5, [{ row: row!, result: undefined, charts: [] }])).toContain(
      'Not measured in this run.',
    );
  });
});

describe('the rows', () => {
  it('have the explanations', () => {
    const names = ROWS.map(({ name }) => name);
    for (const name of Object.keys(REST)) expect(names).toContain(name);
  });

  it('have different names, and quick variants', () => {
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
    for (const { quick } of ROWS) expect(quick).not.toHaveLength(0);
  });
});

describe('the cost of a cluster', () => {
  const etcd = (fleet: Fleet) => clusterCost(fleet, ETCD_COSTS);

  it('grows linearly with the instances while services keep their size', () => {
    const [small, large] = [etcd(fleetOf(1_000)), etcd(fleetOf(100_000))];
    expect(small.renewals).toBe(300);
    expect(large.renewals).toBe(100 * small.renewals);
    expect(large.watches).toBe(500_000);
    expect(large.fanOut).toBeCloseTo(100 * small.fanOut);
  });

  it('is lower with a longer TTL, and only for renewals', () => {
    const [short, long] = [etcd(fleetOf(1_000)), etcd(fleetOf(1_000, { ttl: 30 }))];
    expect(long.renewals).toBe(short.renewals / 3);
    const { renewals, processors, rest } = long;
    expect({ ...short, renewals, processors, rest }).toEqual(long);
  });

  it('sends the whole list to Consul watchers, one entry to those of etcd', () => {
    const [small, large] = [fleetOf(1_000), fleetOf(1_000, { services: 10 })];
    // Twice the watchers of a service, each of which receives twice as much from Consul.
    expect(etcd(large).fanOut / etcd(small).fanOut).toBeCloseTo(2);
    expect(clusterCost(large, CONSUL_COSTS).fanOut / clusterCost(small, CONSUL_COSTS).fanOut).toBeCloseTo(
      4,
      0,
    );
  });

  it('is printed for three sizes and three fleets', () => {
    expect(tables().match(/on etcd/g)).toHaveLength(9);
  });

  it('is the one in docs/scale.md', () => {
    const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
    for (const line of tables().split('\n')) expect(page).toContain(line);
  });
});
