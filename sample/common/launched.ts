/** Runs in each process of a sample before its script: no process outlives the launcher, however the launcher ends. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
