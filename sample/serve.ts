import { type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions } from '@nestjs/microservices';

/**
 * Serves a module on a local port until a signal or the end of the launcher. If it cannot start, prints the reason as one
 * sentence and resolves with undefined.
 *
 * @param microservices servers of the same application for other protocols, started before HTTP
 */
export async function serve(
  module: Type,
  port: string,
  microservices: readonly MicroserviceOptions[] = [],
): Promise<INestApplication | undefined> {
  // No process of the sample outlives its launcher, however the launcher ends.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
  try {
    if (!/^\d{1,5}$/.test(port)) throw new Error(`Expected PORT to be a number, got "${port}".`);
    const app = await NestFactory.create(module, {
      logger: ['error', 'warn'],
      // An error of the boot is printed below, without a stack.
      abortOnError: false,
      bufferLogs: true,
      autoFlushLogs: false,
    });
    app.flushLogs();
    app.enableShutdownHooks();
    try {
      for (const options of microservices) app.connectMicroservice(options);
      await app.startAllMicroservices();
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
