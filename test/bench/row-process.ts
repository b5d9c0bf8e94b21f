// `row-process.ts ROW VARIANT EFFORT`: measures one variant of a row in a process of its own and sends its lines.
import { type Effort } from './measure/line.js';
import { ROWS } from './rows.js';

const [name, variant = '', effort = '{}'] = process.argv.slice(2);
const row = ROWS.find((each) => each.name === name);
if (!row) throw new Error(`Expected a row of test/bench/rows.ts, got ${JSON.stringify(name)}.`);
const { measure } = await row.load();
const lines = await measure(variant, JSON.parse(effort) as Effort);
process.send?.(lines, () => process.exit(0));
