import assert from 'node:assert/strict';
import { parseDuration } from '../../../lib/containerpilot/parse-duration.js';
import { mutatedTexts } from '../mutation.js';
import { textTarget } from '../target.js';

/** Milliseconds of the longest duration Go can hold. */
const LONGEST = 2 ** 63 / 1e6;

export default textTarget({
  name: 'duration',
  promise: 'a duration is a number of milliseconds that Go can hold, or none',
  inputs: (corpus) => mutatedTexts(corpus, ['1h', '1m', '1s', '1ms', '1us', '1µs', '1ns', '1.5', '.5']),
  run: (text) => {
    const duration = parseDuration(text);
    if (duration !== undefined) assert.ok(Math.abs(duration) <= LONGEST, `in bounds: ${duration}`);
  },
});
