#!/usr/bin/env node
import { sidekicker } from '../sidekicker.js';
import { runProgram } from '../run-program.js';

await runProgram(sidekicker);
