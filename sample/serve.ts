import { type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/**
 * Serves a module on a port of this machine until a signal, or the end of the launcher, ends it. When it cannot start,
 * it says why in one sentence and gives nothing back.
 */
export async function serve(module: Type, port: string): Promise<INestApplication | undefined> {
  // Nothing of the sample outlives its launcher, however that ends.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
  try {
    if (!/^\d{1,5}$/.test(port)) throw new Error(`Expected PORT to be a number, got "${port}".`);
    const app = await NestFactory.create(module, {
      logger: ['error', 'warn'],
      // What goes wrong before this line is over is told below, without a stack.
      abortOnError: false,
      bufferLogs: true,
      autoFlushLogs: false,
    });
    app.flushLogs();
    app.enableShutdownHooks();
    try {
      return await app.listen(Number(port), '127.0.0.1').then(() => app);
    } catch (error) {
      await app.close();
      throw error;
    }
  } catch (error) {
    console.error(sentence(error, port));
    process.exitCode = 1;
    return undefined;
  }
}

function sentence(error: unknown, port: string): string {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return `Port ${port} is in use by another program. Choose another one: PORT=${Number(port) + 1} npm start`;
  }
  return error instanceof Error ? error.message : String(error);
}
