import { describeNestAdd } from './nest-add.js';

describeNestAdd('esm');
