import { escapeControls, toJson } from './escape.js';

const HOSTILE = 'a\u001b[2Jb\u007fc\u009b31md\u202ee\u2066f\u2028g\ufeffh\nß🚀';

describe('escapeControls', () => {
  it('replaces control, direction and separator characters, and leaves the others', () => {
    expect(escapeControls(HOSTILE)).toBe(
      'a\\u001b[2Jb\\u007fc\\u009b31md\\u202ee\\u2066f\\u2028g\\ufeffh\\u000aß🚀',
    );
  });
});

describe('toJson', () => {
  it('is valid JSON with the same meaning, of printable characters', () => {
    const text = toJson({ [HOSTILE]: HOSTILE }) ?? '';
    expect(JSON.parse(text)).toEqual({ [HOSTILE]: HOSTILE });
    expect(escapeControls(text)).toBe(text);
  });

  it('returns undefined where JSON.stringify does', () => {
    expect(toJson(undefined)).toBeUndefined();
  });
});
