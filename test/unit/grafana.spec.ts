import { parser } from '@prometheus-io/lezer-promql';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COUNTERS, GAUGES, HISTOGRAMS } from '../../lib/metrics/metric-definitions.js';
import { dashboard } from '../../scripts/grafana/dashboard.mjs';

const page = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');

/** Every name that a scrape has, with its labels. */
const SCRAPED: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...[GAUGES, COUNTERS].flatMap((definitions) =>
    Object.entries(definitions).map(([name, { labels }]) => [name, labels] as const),
  ),
  ...Object.entries(HISTOGRAMS).flatMap(([name, { labels }]) => [
    [`${name}_bucket`, [...labels, 'le']] as const,
    [`${name}_count`, labels] as const,
    [`${name}_sum`, labels] as const,
  ]),
]);

/** Labels that Prometheus adds. */
const TARGET_LABELS = ['job', 'instance'];

interface Query {
  readonly names: readonly string[];
  readonly labels: readonly string[];
  readonly faults: number;
}

function parsed(expression: string): Query {
  const names: string[] = [];
  const labels: string[] = [];
  let faults = 0;
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      const text = expression.slice(from, to);
      if (type.isError) faults += 1;
      if (type.name === 'Identifier' && text.startsWith('sidekick_')) names.push(text);
      if (type.name === 'LabelName') labels.push(text);
    },
  });
  return { names, labels, faults };
}

const dashboardExpressions = (): string[] =>
  [...page('grafana/dashboard.json').matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, text = '']) =>
    (JSON.parse(text) as string).replaceAll('$__rate_interval', '5m'),
  );

/** The expressions of the rules, on one line or folded. */
const alertExpressions = (): string[] =>
  [...page('grafana/alerts.yml').matchAll(/ expr: (?:>-\n((?: {10}.*\n)+)|(.*))/g)].map(
    ([, folded, single]) => folded?.trim().replace(/\n +/g, ' ') ?? single ?? '',
  );

describe('docs/grafana', () => {
  it('has the dashboard that `npm run docs:grafana` writes', () => {
    const built: unknown = JSON.parse(JSON.stringify(dashboard()));
    expect(JSON.parse(page('grafana/dashboard.json'))).toEqual(built);
  });

  it.each([
    ['the dashboard', dashboardExpressions(), 25],
    ['the alert rules', alertExpressions(), 10],
  ])('queries in %s only what is registered', (_, expressions, least) => {
    expect(expressions.length).toBeGreaterThan(least);
    for (const expression of expressions) {
      const { names, labels, faults } = parsed(expression);
      expect({ expression, faults }).toEqual({ expression, faults: 0 });
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !SCRAPED.has(name))).toEqual([]);
      const known = new Set([...names.flatMap((name) => SCRAPED.get(name) ?? []), ...TARGET_LABELS]);
      expect({ expression, unknown: labels.filter((label) => !known.has(label)) }).toEqual({
        expression,
        unknown: [],
      });
    }
  });

  it('shows or alerts on every metric', () => {
    const all = [...dashboardExpressions(), ...alertExpressions()].join(' ');
    for (const name of [...Object.keys(GAUGES), ...Object.keys(COUNTERS), ...Object.keys(HISTOGRAMS)])
      expect([name, all.includes(name)]).toEqual([name, true]);
  });

  it('sends every alert to a section of docs/operations.md', () => {
    const anchors = [...page('operations.md').matchAll(/^#+ (Sidekick\w+)$/gm)].map(([, name = '']) => name);
    const alerts = [...page('grafana/alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
    const targets = [...page('grafana/alerts.yml').matchAll(/operations\.md#(\w+)/g)].map(([, name]) => name);
    expect(anchors).toEqual(expect.arrayContaining(alerts));
    expect(targets).toEqual(alerts.map((name) => name.toLowerCase()));
  });

  it('documents every metric in docs/metrics.md', () => {
    const text = page('metrics.md');
    for (const name of [...Object.keys(GAUGES), ...Object.keys(COUNTERS), ...Object.keys(HISTOGRAMS)])
      expect([name, text.includes(`\`${name}\``)]).toEqual([name, true]);
  });
});
