import { COLOURS, escaped, frame, HEIGHT, WIDTH } from './frame.js';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const LEFT = 70;
const RIGHT = 190;
const TOP = 44;
const BOTTOM = 50;

/** Powers of ten that enclose all values. */
function decades(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return [1, 10];
  const low = Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))));
  return Array.from({ length: high - low + 1 }, (_, index) => Number(`1e${low + index}`));
}

/** A line chart with logarithmic axes as an SVG image that follows the reader's light or dark scheme. */
export function lineChart({ title, xLabel, yLabel, series }: Chart): string {
  const points = series.flatMap((each) => each.points);
  const [xTicks, yTicks] = [decades(points.map(([x]) => x)), decades(points.map(([, y]) => y))];
  const scale =
    (ticks: readonly number[], from: number, to: number) =>
    (value: number): number => {
      const [low, high] = [Math.log10(ticks[0]!), Math.log10(ticks.at(-1)!)];
      return Math.round(from + ((Math.log10(value) - low) / (high - low)) * (to - from));
    };
  const x = scale(xTicks, LEFT, WIDTH - RIGHT);
  const y = scale(yTicks, HEIGHT - BOTTOM, TOP);
  const grid = [
    ...yTicks.map(
      (tick) =>
        `<path class="grid" d="M${LEFT} ${y(tick)}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
    ),
    ...xTicks.map(
      (tick) =>
        `<path class="grid" d="M${x(tick)} ${TOP}V${HEIGHT - BOTTOM}"/><text x="${x(tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick.toLocaleString('en')}</text>`,
    ),
  ];
  const drawn = series.map(({ name, points: own }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const placed = own.filter(([, value]) => value > 0).map(([px, py]) => [x(px), y(py)] as const);
    const legend = TOP + 12 + index * 22;
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2.5" points="${placed.map((point) => point.join(',')).join(' ')}"/>`,
      ...placed.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3.5" fill="${colour}"/>`),
      `<path d="M${WIDTH - RIGHT + 14} ${legend - 4}h18" stroke="${colour}" stroke-width="4"/>`,
      `<text x="${WIDTH - RIGHT + 38}" y="${legend}">${escaped(name)}</text>`,
    ].join('\n');
  });
  return frame(title, [
    `<text class="title" x="${LEFT}" y="26">${escaped(title)}</text>`,
    ...grid,
    ...drawn,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
  ]);
}
