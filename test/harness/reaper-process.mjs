/**
 * Kills servers whose owner has died. The owner writes "+pid" and "-pid" lines to this process; when its pipe closes,
 * however it died, the process groups that are left are killed. A server that is stopped by SIGSTOP goes as well.
 */
const groups = new Set();
let rest = '';

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) groups.add(pid);
    else groups.delete(pid);
  }
});
process.stdin.on('end', () => {
  for (const pid of groups) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
});
// A Ctrl-C goes to the whole foreground group; this process has to outlive the one it watches.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
