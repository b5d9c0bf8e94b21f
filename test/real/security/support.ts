import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DiscoveryService, PilotedModule, type RegistrySource } from '../../../lib/index.js';
import { until } from '../../harness/wait.js';

/** Every line that was logged, with its level before it. */
export interface Recording {
  readonly lines: string[];
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug(message: string): void;
}

/** A logger that records its lines. */
export function recording(): Recording {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level}: ${message}`);
  return { lines, log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') };
}

/** What the error of a request that was late reads like, as some are on a busy machine. */
const LATE = /was not answered within|did not answer in time/;

/** The warnings and errors, without those of a request that was late, as some are on a busy machine. */
export function complaints({ lines }: Recording): string[] {
  return lines.filter((line) => /^(warn|error)/.test(line) && !LATE.test(line));
}

/** Boots an application of these modules. */
export async function boot(...imports: readonly DynamicModule[]): Promise<INestApplicationContext> {
  @Module({ imports: [...imports] })
  class AppModule {}
  return await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

/** The reason for which the list of service "web" cannot be read. A request that was late is made again, and is none. */
export async function unreadable(registry: string | RegistrySource): Promise<Error> {
  const app = await boot(
    PilotedModule.forRoot({ registry, services: ['web'], boot: 'empty', logger: recording() }),
  );
  try {
    return await until('the reason', () => {
      const { error } = app.get(DiscoveryService).of('web');
      return error && !LATE.test(error.message) && error;
    });
  } finally {
    await app.close();
  }
}

/** The reason for which a promise is rejected; fails if it is fulfilled. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => {
      throw new Error('Expected a failure, got none.');
    },
    (error: unknown) => error as Error,
  );
}

/** The first of a kind among an error, its causes and the failures of its endpoints. */
export function within<T extends Error>(
  error: unknown,
  kind: abstract new (...given: never[]) => T,
): T | undefined {
  if (error instanceof kind) return error;
  if (!(error instanceof Error)) return undefined;
  const { failures = [], errors = [] } = error as {
    failures?: readonly { readonly error: Error }[];
    errors?: readonly Error[];
  };
  for (const inner of [error.cause, ...failures.map((one) => one.error), ...errors]) {
    const found = within(inner, kind);
    if (found) return found;
  }
  return undefined;
}
