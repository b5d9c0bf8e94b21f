import { describeBothModules } from './both-modules.js';

describeBothModules('the memory registry', () =>
  Promise.resolve({ registry: 'memory:both-modules', close: () => Promise.resolve() }),
);
