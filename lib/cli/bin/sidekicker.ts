#!/usr/bin/env node
import { sidekicker } from '../sidekicker.js';
import { runProgram } from '../terminal.js';

await runProgram(sidekicker);
