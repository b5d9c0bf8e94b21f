import Sequencer from '@jest/test-sequencer';

/** What measures seconds under fault comes last, when the machine has little else to do. */
const LAST = /[\\/]test[\\/]real[\\/]chaos\.spec\.ts$/;

export default class ChaosLast extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [
      ...sorted.filter(({ path }) => !LAST.test(path)),
      ...sorted.filter(({ path }) => LAST.test(path)),
    ];
  }
}
