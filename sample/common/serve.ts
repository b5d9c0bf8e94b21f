import { type INestApplication, type Type } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { type MicroserviceOptions } from '@nestjs/microservices';

export interface ServeOptions {
  /** @default PORT, or any free port: other processes read it from the registry */
  readonly port?: string;
  /** Servers of the same application for other protocols, started before HTTP. */
  readonly microservices?: readonly MicroserviceOptions[];
  /** @default Express */
  readonly adapter?: AbstractHttpAdapter;
}

/**
 * Serves a module on a local port until SIGTERM or SIGINT, and sends the launcher its URL. If it cannot start, prints the
 * reason as one sentence and resolves with undefined.
 */
export async function serve(
  module: Type,
  { port = process.env.PORT ?? '0', microservices = [], adapter }: ServeOptions = {},
): Promise<INestApplication | undefined> {
  try {
    if (!/^\d{1,5}$/.test(port)) throw new Error(`Expected PORT to be a number, got "${port}".`);
    const options = {
      logger: ['error', 'warn'] as ('error' | 'warn')[],
      // An error of the boot is printed below, without a stack.
      abortOnError: false,
      bufferLogs: true,
      autoFlushLogs: false,
    };
    const app = await (adapter
      ? NestFactory.create(module, adapter, options)
      : NestFactory.create(module, options));
    app.flushLogs();
    app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
    try {
      for (const microservice of microservices) app.connectMicroservice(microservice);
      await app.startAllMicroservices();
      await app.listen(Number(port), '127.0.0.1');
      process.send?.((await app.getUrl()).replace('127.0.0.1', 'localhost'));
      return app;
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
    return `Port ${port} is in use by another program. Choose another one: PORT=${Number(port) + 1}`;
  }
  return error instanceof Error ? error.message : String(error);
}
