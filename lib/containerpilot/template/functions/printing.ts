import { CallFailure } from '../failure.js';
import { print, println } from '../format/print.js';
import { printf } from '../format/printf.js';
import { isTrue, typeName } from '../values/value.js';
import { type Functions } from './function.js';

/** The functions `print`, `printf`, `println`, `not` and `call`. */
export const BASICS: Functions = {
  print: {
    parameters: ['any'],
    variadic: true,
    call: (args, { budget }) => budget.chargeValue(print(args, budget)),
  },
  println: {
    parameters: ['any'],
    variadic: true,
    call: (args, { budget }) => budget.chargeValue(println(args, budget)),
  },
  printf: {
    parameters: ['string', 'any'],
    variadic: true,
    call: ([format, ...args], { budget }) => budget.chargeValue(printf(format as string, args, budget)),
  },
  not: { parameters: ['any'], call: ([value = null]) => !isTrue(value) },
  call: {
    parameters: ['any', 'any'],
    variadic: true,
    call: ([value = null]) => {
      throw new CallFailure(
        `Expected a function to call, got ${typeName(value)}: the environment contains no functions.`,
      );
    },
  },
};
