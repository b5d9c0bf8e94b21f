#!/usr/bin/env node
import { piloted } from '../piloted.js';
import { runProgram } from '../run-program.js';

await runProgram(piloted);
