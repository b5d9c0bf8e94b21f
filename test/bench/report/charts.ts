import { type Line } from '../measure/line.js';
import { median } from '../measure/statistics.js';
import { type BarChart, barChart } from './bar-chart.js';
import { type Chart, lineChart, type Series } from './chart.js';

/** Ours, and each floor or peer, over the position of the lines. */
function seriesOf(lines: readonly Line[]): Series[] {
  const byName = new Map<string, [number, number][]>();
  for (const { x, ours, floor, peers = [] } of lines) {
    if (x === undefined) continue;
    const sides = [{ name: 'nestjs-sidekick', values: ours }, ...(floor ? [floor] : []), ...peers];
    for (const { name, values } of sides) {
      if (values.length === 0) continue;
      const points = byName.get(name) ?? byName.set(name, []).get(name)!;
      if (!points.some(([at]) => at === x)) points.push([x, median(values)]);
    }
  }
  return [...byName].map(([name, points]) => ({
    name: name.replaceAll('`', ''),
    points: points.sort(([a], [b]) => a - b),
  }));
}

/** Bars of ours and of the floor for each line, with the name up to the comma as their group. */
function barsOf(lines: readonly Line[], part: string): BarChart['groups'] {
  return lines
    .filter(({ what }) => what.endsWith(part))
    .map(({ what, ours, floor }) => ({
      name: what.slice(0, what.indexOf(',')).replaceAll('`', ''),
      values: [median(ours), ...(floor ? [median(floor.values)] : [])],
    }));
}

/** The charts of a row by file name; none for a row with fewer than two positions. */
export function chartsOf(row: string, lines: readonly Line[]): Record<string, Chart | BarChart> {
  if (row === 'calls' || row === 'rpc') return latencyCharts(row, lines);
  const over = (chosen: readonly Line[], title: string, xLabel: string, yLabel: string): Chart => ({
    title,
    xLabel,
    yLabel,
    series: seriesOf(chosen),
  });
  const kept = (what: string): readonly Line[] => lines.filter((line) => line.what.startsWith(what));
  const charts: Record<string, Chart> =
    {
      pick: { pick: over(lines, 'Round robin', 'endpoints', 'nanoseconds a pick') },
      peers: { peers: over(lines, 'One pick in each library', 'endpoints', 'nanoseconds a pick') },
      change: { change: over(lines, 'One change in a list', 'endpoints', 'microseconds') },
      visible: { visible: over(kept('put'), 'Put until visible, etcd', 'endpoints', 'milliseconds') },
      keys: {
        'keys-cpu': over(kept('processor'), 'Keys at rest', 'keys', '% of one processor'),
        'keys-start': over(kept('start'), 'Registration of all keys', 'keys', 'seconds'),
      },
    }[row] ?? {};
  return Object.fromEntries(
    Object.entries(charts).filter(([, { series }]) => series.some(({ points }) => points.length > 1)),
  );
}

/** Latency of the calls of one row, p50 and p99. */
function latencyCharts(row: string, lines: readonly Line[]): Record<string, BarChart> {
  const charts = ['p50', 'p99'].map((part): [string, BarChart] => [
    `${row}-${part}`,
    {
      title: `Latency of one call, ${part}`,
      yLabel: 'milliseconds',
      series: ['nestjs-sidekick', 'a fixed address'],
      groups: barsOf(lines, `latency ${part}`),
    },
  ]);
  return Object.fromEntries(charts.filter(([, { groups }]) => groups.length > 0));
}

/** A chart as an SVG image. */
export function drawn(chart: Chart | BarChart): string {
  return 'groups' in chart ? barChart(chart) : lineChart(chart);
}
