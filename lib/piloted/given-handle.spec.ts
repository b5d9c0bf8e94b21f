import { Controller, Get, Param } from '@nestjs/common';
import { type INestApplication, type Provider, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Endpoint, Service, ServiceHandle, getServiceToken } from '../index.js';

async function get(app: INestApplication, path: string): Promise<readonly [number, unknown]> {
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return [response.status, await response.json()];
}

@Controller()
class Orders {
  @Get('one')
  one(@Service('web') web: Endpoint): unknown {
    return { address: web.address };
  }
}

describe('@Service', () => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  describe('in a test module without PilotedModule', () => {
    @Controller()
    class Injecting {
      constructor(@Service('web') readonly web: ServiceHandle) {}

      @Get('both/:id')
      both(@Param('id') id: string, @Service('web') web: Endpoint): unknown {
        return { id, injected: this.web.pick().address, given: web.address };
      }
    }

    async function start(controller: Type, providers: Provider[]): Promise<INestApplication> {
      const module = await Test.createTestingModule({ controllers: [controller], providers }).compile();
      app = module.createNestApplication({ logger: false });
      await app.listen(0, '127.0.0.1');
      return app;
    }

    const provided = (useValue: unknown): Provider[] => [{ provide: getServiceToken('web'), useValue }];

    it('uses a handle that the test provides', async () => {
      const web = { pick: () => ({ address: '10.9.9.9', port: 80 }) };
      const running = await start(Injecting, provided(web));
      expect(await get(running, '/both/7')).toEqual([
        200,
        { id: '7', injected: '10.9.9.9', given: '10.9.9.9' },
      ]);
    });

    it('picks from an array of endpoints in turn, and answers 503 for an empty array', async () => {
      const endpoints = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, port: 80 }));
      const running = await start(Orders, provided(endpoints));
      const answers: unknown[] = [];
      for (let call = 0; call < 3; call++) answers.push((await get(running, '/one'))[1]);
      expect(answers).toEqual([{ address: '10.0.0.1' }, { address: '10.0.0.2' }, { address: '10.0.0.1' }]);
      await running.close();
      expect(await get(await start(Orders, provided([])), '/one')).toEqual([
        503,
        { statusCode: 503, message: 'Service Unavailable' },
      ]);
    });

    it('fails the boot when a constructor injects an array', async () => {
      await expect(start(Injecting, provided([{ address: '10.0.0.1', port: 80 }]))).rejects.toThrow(
        "Expected the provider of getServiceToken('web') to be a ServiceHandle or an object with the members that Injecting.constructor uses, got an array.",
      );
    });

    it.each([
      [
        'neither',
        Orders,
        [],
        /^@Service\("web"\) of Orders\.one needs PilotedModule.*PilotedModule\.forRoot\(\)/,
      ],
      ['neither for a constructor', Injecting, [], /service "web" of PilotedModule\.forRoot\(\)/],
      ['something else', Orders, provided(42), /or an array of endpoints, got 42/],
    ])('fails the boot with %s', async (_what, controller, providers, sentence) => {
      await expect(start(controller, providers)).rejects.toThrow(sentence);
    });
  });
});
