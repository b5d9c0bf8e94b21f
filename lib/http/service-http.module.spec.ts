import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { silentLogger } from '../common/logger.js';
import { NoEndpointsError } from '../piloted/no-endpoints.error.js';
import { PilotedModule } from '../piloted/piloted.module.js';
import { fixed } from '../registries/fixed/fixed.js';
import {
  ServiceHttp,
  ServiceHttpModule,
  type ServiceHttpModuleOptions,
  type ServiceRequestOptions,
} from './index.js';

async function boot(options: unknown, services = ['web']) {
  const app = await Test.createTestingModule({
    imports: [
      PilotedModule.forRoot({ registry: fixed({}), services, logger: silentLogger }),
      ServiceHttpModule.forRoot(options as ServiceHttpModuleOptions),
    ],
  })
    .setLogger(silentLogger)
    .compile();
  return await app.init();
}

describe('ServiceHttpModule', () => {
  it.each([
    [{ passThrough: 1 }, 'Expected `options of ServiceHttpModule.passThrough` to be true or false, got 1.'],
    [{ timeout: 0 }, 'Expected `options of ServiceHttpModule.timeout` to be a number of seconds above 0'],
    [
      { retries: 3 },
      'Expected `options of ServiceHttpModule` to be an object with fields among passThrough, timeout',
    ],
  ])('refuses the options %j', async (options, message) => {
    await expect(boot(options)).rejects.toThrow(message);
  });

  it('needs PilotedModule, and says so', async () => {
    const app = Test.createTestingModule({ imports: [ServiceHttpModule.forRoot()] });
    await expect(app.setLogger(silentLogger).compile()).rejects.toThrow(
      'ServiceHttpModule needs PilotedModule, which the application does not import.',
    );
  });

  it('refuses the class itself, and says what to import', async () => {
    const imports = [PilotedModule.forRoot({ registry: fixed({}), logger: silentLogger }), ServiceHttpModule];
    await expect(Test.createTestingModule({ imports }).setLogger(silentLogger).compile()).rejects.toThrow(
      'Expected ServiceHttpModule.forRoot() or forRootAsync() in the imports, got the class ServiceHttpModule itself.',
    );
  });

  it('takes its options from a factory', async () => {
    const app = await Test.createTestingModule({
      imports: [
        PilotedModule.forRoot({ registry: fixed({}), logger: silentLogger }),
        ServiceHttpModule.forRootAsync({ useFactory: () => ({ passThrough: true }) }),
      ],
    }).compile();
    expect(app.get(ServiceHttp)).toBeInstanceOf(ServiceHttp);
    await app.close();
  });

  it('warns of services that no URL can name', async () => {
    const warn = jestWarnings();
    const app = await boot({}, ['web', '1234']);
    expect(warn.lines).toEqual([
      expect.stringContaining('The service "1234" cannot be called by ServiceHttp'),
    ]);
    warn.restore();
    await app.close();
  });

  it('warns once where a microservice is initialised before it listens', async () => {
    @Module({
      imports: [
        PilotedModule.forRoot({ registry: fixed({}), services: ['1234'], logger: silentLogger }),
        ServiceHttpModule.forRoot(),
      ],
    })
    class AppModule {}
    const warn = jestWarnings();
    const options = {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: silentLogger,
    };
    const app = await NestFactory.createMicroservice(AppModule, options);
    await app.init();
    await app.listen();
    warn.restore();
    await app.close();
    expect(warn.lines).toHaveLength(1);
  });

  it.each([
    [{ key: {} }, 'Expected `service.key` to be a string or a number'],
    [{ retry: 3 }, 'Expected `service.retry` to be true, false or an object, got 3.'],
    [{ retry: { attempts: 0 } }, 'Expected `service.retry.attempts` to be an integer from 1 to 10, got 0.'],
    [{ timeout: -1 }, 'Expected `service.timeout` to be a number of seconds above 0'],
    [{ hedge: {} }, 'Expected `service.hedge.delay` to be a number of seconds above 0'],
  ])('rejects a request with service %j', async (service, message) => {
    const app = await boot({});
    const http = app.get(ServiceHttp);
    await expect(http.fetch('http://web/', { service: service as ServiceRequestOptions })).rejects.toThrow(
      message,
    );
    await app.close();
  });

  it('rejects a request with a dispatcher of the caller, which it would not use', async () => {
    const app = await boot({});
    const http = app.get(ServiceHttp);
    const errors: unknown[] = [];
    for (const dispatcher of [{ dispatch: () => true }, undefined, http.dispatcher]) {
      const init: object = { dispatcher };
      await http.fetch('http://web/', init).catch((error: unknown) => errors.push(error));
    }
    await app.close();
    const [refused, ...others] = errors;
    expect(refused).toMatchObject({
      code: 'SIDEKICK_INVALID_OPTION',
      message: expect.stringMatching(
        /^Expected no `dispatcher` .* yours\.compose\(http\.interceptor\)/,
      ) as string,
    });
    expect(others).toEqual([expect.any(NoEndpointsError), expect.any(NoEndpointsError)]);
  });
});

/** Collects the warnings of Nest's logger. */
function jestWarnings(): { readonly lines: string[]; restore(): void } {
  const lines: string[] = [];
  const original = Logger.prototype.warn;
  Logger.prototype.warn = (line: string) => void lines.push(line);
  return { lines, restore: () => (Logger.prototype.warn = original) };
}
