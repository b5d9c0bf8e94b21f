import { COLOURS, escaped, frame, HEIGHT, WIDTH } from './frame.js';

export interface BarChart {
  readonly title: string;
  readonly yLabel: string;
  /** Names of the values of each group. */
  readonly series: readonly string[];
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const LEFT = 70;
const RIGHT = 20;
const TOP = 70;
const BOTTOM = 40;
const TICKS = 5;
/** Share of a group's width that its bars take. */
const BAR_SHARE = 0.6;

/** A round number that `highest` does not exceed, divided by {@link TICKS}. */
function step(highest: number): number {
  const rough = highest / TICKS;
  const decade = Number(`1e${Math.floor(Math.log10(rough))}`);
  return ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10) * decade;
}

/** Bars side by side for each group, with their values above them. */
export function barChart({ title, yLabel, series, groups }: BarChart): string {
  const values = groups.flatMap((group) => group.values).filter((value) => value > 0);
  const tick = step(Math.max(...values, 1e-3));
  const y = (value: number): number =>
    Math.round(HEIGHT - BOTTOM - (value / (tick * TICKS)) * (HEIGHT - BOTTOM - TOP));
  const grid = Array.from({ length: TICKS + 1 }, (_, index) => {
    const value = Number((tick * index).toPrecision(3));
    return `<path class="grid" d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value}</text>`;
  });
  const legend = series.map((name, index) => {
    const x = LEFT + index * 170;
    return `<path d="M${x} 48h18" stroke="${COLOURS[index]}" stroke-width="8"/><text x="${x + 26}" y="52">${escaped(name)}</text>`;
  });
  const width = (WIDTH - RIGHT - LEFT) / Math.max(1, groups.length);
  const bar = (width * BAR_SHARE) / series.length;
  const bars = groups.flatMap(({ name, values: own }, group) => {
    const centre = LEFT + (group + 0.5) * width;
    return [
      ...own.map((value, index) => {
        const x = centre - (width * BAR_SHARE) / 2 + index * bar;
        return `<rect x="${x.toFixed(0)}" y="${y(value)}" width="${(bar - 4).toFixed(0)}" height="${HEIGHT - BOTTOM - y(value)}" fill="${COLOURS[index]}"/><text x="${(x + bar / 2 - 2).toFixed(0)}" y="${y(value) - 5}" text-anchor="middle">${Number(value.toPrecision(2))}</text>`;
      }),
      `<text x="${centre.toFixed(0)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${escaped(name)}</text>`,
    ];
  });
  return frame(title, [
    `<text class="title" x="${LEFT}" y="26">${escaped(title)}</text>`,
    ...legend,
    ...grid,
    ...bars,
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
  ]);
}
