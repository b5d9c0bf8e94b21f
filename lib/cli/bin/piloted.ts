#!/usr/bin/env node
import { piloted } from '../piloted.js';
import { runProgram } from '../terminal.js';

await runProgram(piloted);
