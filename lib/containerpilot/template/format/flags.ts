import { runeCount } from '../values/bytes.js';

/** The flags, width and precision of one verb. */
export interface Flags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v` and `%#v`, whose meaning differs from that of the flags alone. */
  plusV: boolean;
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** Creates flags that are all unset. */
export function noFlags(): Flags {
  return {
    plus: false,
    minus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
    width: undefined,
    precision: undefined,
  };
}

/** Pads `text` to the width, in code points. */
export function pad(text: string, flags: Flags, zero = flags.zero): string {
  const missing = (flags.width ?? 0) - runeCount(text);
  if (missing <= 0) return text;
  const padding = (zero ? '0' : ' ').repeat(missing);
  return flags.minus ? text + padding : padding + text;
}
