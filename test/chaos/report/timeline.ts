import { type Event } from '../recording/event.js';
import { type Finding } from '../validators/finding.js';
import { type Lane, lanesOf } from './lanes.js';

const LEFT = 160;
const WIDTH = 1_040;
const ROW = 26;
const TOP = 34;
const TONES = { good: '#2f9e62', bad: '#d6453d', neutral: '#5b6b82' } as const;

/** Draws a recording as an SVG picture, with the findings as red lines across it. Opens in any browser. */
export function timeline(recording: readonly Event[], findings: readonly Finding[] = []): string {
  const lanes = lanesOf(recording);
  const begin = recording[0]?.at ?? 0;
  const length = Math.max(1, (recording.at(-1)?.at ?? 1) - begin);
  const x = (at: number): number =>
    LEFT + ((Math.min(Math.max(at, begin), begin + length) - begin) / length) * WIDTH;
  const height = TOP + lanes.length * ROW + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...scale(begin, length, x, height),
    ...lanes.flatMap((lane, row) => drawLane(lane, TOP + row * ROW, x)),
    ...findings.map(
      ({ at, promise, who, text }) =>
        `<line x1="${px(x(at))}" x2="${px(x(at))}" y1="${TOP - 6}" y2="${height - 6}" stroke="#d6453d" stroke-dasharray="3 2">` +
        `<title>${escape(`${promise} (${who}): ${text}`)}</title></line>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

function scale(begin: number, length: number, x: (at: number) => number, height: number): string[] {
  const step =
    [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000].find((ms) => length / ms <= 20) ?? 300_000;
  const lines: string[] = [];
  for (let at = 0; at <= length; at += step) {
    const place = px(x(begin + at));
    lines.push(`<line x1="${place}" x2="${place}" y1="20" y2="${height - 6}" stroke="#e6e9ee"/>`);
    lines.push(`<text x="${place}" y="14" text-anchor="middle" fill="#5b6b82">${at / 1_000} s</text>`);
  }
  return lines;
}

function drawLane({ name, bars, marks }: Lane, y: number, x: (at: number) => number): string[] {
  return [
    `<text x="8" y="${y + 14}" fill="#1d2733">${escape(name)}</text>`,
    ...bars.map(({ from, to, tone, label }) => {
      const width = Math.max(1, x(to) - x(from));
      return (
        `<rect x="${px(x(from))}" y="${y + 4}" width="${px(width)}" height="14" rx="2" fill="${TONES[tone]}" fill-opacity="0.8">` +
        `<title>${escape(label)} (${Math.round(to - from)} ms)</title></rect>`
      );
    }),
    ...marks.map(
      ({ at, tone, label }) =>
        `<circle cx="${px(x(at))}" cy="${y + 11}" r="3" fill="${TONES[tone]}"><title>${escape(label)}</title></circle>`,
    ),
  ];
}

function px(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
