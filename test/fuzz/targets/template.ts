import assert from 'node:assert/strict';
import { ConfigError } from '../../../lib/containerpilot/config.error.js';
import { renderTemplate } from '../../../lib/containerpilot/template/render.js';
import { ENVIRONMENT, SECRET, TEMPLATE_WORDS } from '../environment.js';
import { mutatedTexts } from '../mutation.js';
import { textTarget } from '../target.js';

export default textTarget({
  name: 'template',
  promise: 'a template renders within its limits or fails at a place, and its error shows no variable',
  inputs: (corpus) => mutatedTexts(corpus, TEMPLATE_WORDS),
  run: (text) => {
    try {
      assert.equal(typeof renderTemplate(text, ENVIRONMENT), 'string');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      assert.ok(text.includes(SECRET) || !error.message.includes(SECRET), 'no variable is shown');
      const tooLarge = Buffer.byteLength(text) > 1_048_576;
      assert.ok(tooLarge || (error.line !== undefined && error.column !== undefined), 'an error has a place');
      throw error;
    }
  },
});
