/** Runs one server, and ends it when the process that asked for it ends or disconnects. */
import { spawn } from 'node:child_process';

const [program = '', ...args] = process.argv.slice(2);
const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
process.on('message', (signal: NodeJS.Signals) => server.kill(signal));
process.once('disconnect', () => server.kill('SIGTERM'));
server.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.once('exit', (code) => process.exit(code ?? 1));
