/** A finite, positive number as decimal digits: 0.digits × 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

const VIEW = new DataView(new ArrayBuffer(8));

/** Splits a number into mantissa × 2^power, without rounding. */
function parts(value: number): { readonly mantissa: bigint; readonly power: number } {
  VIEW.setFloat64(0, value);
  const bits = VIEW.getBigUint64(0) & (2n ** 63n - 1n);
  const exponent = Number(bits >> 52n);
  const fraction = bits & (2n ** 52n - 1n);
  return exponent === 0
    ? { mantissa: fraction, power: -1074 }
    : { mantissa: fraction | (2n ** 52n), power: exponent - 1075 };
}

function trimZeros(digits: string): string {
  return digits.replace(/0+$/, '');
}

/** All decimal digits of the number. */
function exact(value: number): Decimal {
  const { mantissa, power } = parts(value);
  if (mantissa === 0n) return { digits: '', point: 0 };
  const digits = (power >= 0 ? mantissa << BigInt(power) : mantissa * 5n ** BigInt(-power)).toString();
  return { digits: trimZeros(digits), point: digits.length + Math.min(power, 0) };
}

/** The fewest digits that parse to the same number. */
function shortest(value: number): Decimal {
  if (value === 0) return { digits: '', point: 0 };
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  return { digits: trimZeros(digits.replace('.', '')), point: Number(exponent) + 1 };
}

/** Rounds to at most `count` digits, half to even. */
function round({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point: 0 };
  const rest = digits.slice(count);
  const odd = count > 0 && Number(digits[count - 1]) % 2 === 1;
  const up = rest > '5' || (rest === '5' && odd);
  const head = digits.slice(0, count);
  if (!up) {
    const trimmed = trimZeros(head);
    return { digits: trimmed, point: trimmed === '' ? 0 : point };
  }
  const next = (BigInt(head === '' ? '0' : head) + 1n).toString().padStart(count, '0');
  return { digits: trimZeros(next), point: next.length > count ? point + 1 : point };
}

function exponential({ digits, point }: Decimal, precision: number, letter: string): string {
  const exponent = digits === '' ? 0 : point - 1;
  const fraction = precision > 0 ? `.${digits.slice(1, 1 + precision).padEnd(precision, '0')}` : '';
  const size = Math.abs(exponent).toString().padStart(2, '0');
  return `${digits.charAt(0) || '0'}${fraction}${letter}${exponent < 0 ? '-' : '+'}${size}`;
}

function fixed({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision <= 0) return whole;
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
}

function general(value: number, precision: number, letter: string): string {
  const decimal = precision < 0 ? shortest(value) : round(exact(value), precision || 1);
  const { digits, point } = decimal;
  let limit = precision === 0 ? 1 : precision;
  if (limit > digits.length && digits.length >= point) limit = digits.length;
  if (precision < 0) limit = 6;
  const exponent = point - 1;
  if (exponent < -4 || exponent >= limit) return exponential(decimal, digits.length - 1, letter);
  return fixed(decimal, Math.max(digits.length - point, 0));
}

/** Formats as `0x1.8p+01`. */
function hexadecimal(value: number, precision: number, upper: boolean): string {
  let { mantissa, power } = parts(value);
  if (mantissa !== 0n) {
    // Shifts the leading bit to bit 60: one hexadecimal digit before the point and fifteen after it.
    const shift = 60 - (mantissa.toString(2).length - 1);
    mantissa <<= BigInt(shift);
    power += 60 - shift;
    if (precision >= 0 && precision < 15) {
      const dropped = BigInt(60 - 4 * precision);
      const rest = mantissa & ((1n << dropped) - 1n);
      mantissa >>= dropped;
      const half = 1n << (dropped - 1n);
      if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
      mantissa <<= dropped;
      if (mantissa >> 61n !== 0n) {
        mantissa >>= 1n;
        power += 1;
      }
    }
  } else {
    power = 0;
  }
  const hex = mantissa.toString(16).padStart(16, '0');
  const fraction =
    precision < 0 ? trimZeros(hex.slice(1)) : hex.slice(1, 1 + precision).padEnd(precision, '0');
  const sign = power < 0 ? '-' : '+';
  const text = `0x${hex.charAt(0)}${fraction && `.${fraction}`}p${sign}${Math.abs(power).toString().padStart(2, '0')}`;
  return upper ? text.toUpperCase() : text;
}

/** Formats a finite, non-negative number in a format of Go. A negative precision means the shortest form. */
function unsigned(value: number, format: string, precision: number): string {
  switch (format) {
    case 'e':
    case 'E': {
      const decimal = precision < 0 ? shortest(value) : round(exact(value), precision + 1);
      return exponential(decimal, precision < 0 ? Math.max(decimal.digits.length - 1, 0) : precision, format);
    }
    case 'f': {
      const all = precision < 0 ? shortest(value) : exact(value);
      const decimal = precision < 0 ? all : round(all, all.point + precision);
      return fixed(decimal, precision < 0 ? Math.max(all.digits.length - all.point, 0) : precision);
    }
    case 'b': {
      const { mantissa, power } = parts(value);
      return `${mantissa}p${power < 0 ? '' : '+'}${power}`;
    }
    case 'x':
    case 'X':
      return hexadecimal(value, precision, format === 'X');
    default:
      return general(value, precision, format === 'G' ? 'E' : 'e');
  }
}

/** Formats a number in a format of Go (e E f g G b x X), always with a sign. */
export function formatFloat(value: number, format: string, precision: number): string {
  if (Number.isNaN(value)) return '+NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '+';
  return Number.isFinite(value) ? sign + unsigned(Math.abs(value), format, precision) : `${sign}Inf`;
}
