import { createServer, type AddressInfo } from 'node:net';
import { consulSettings } from './options.js';
import { openTransport } from './transport.js';

describe('openTransport', () => {
  it('sends no request whose signal is aborted already', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const transport = await openTransport(consulSettings({ port }), { maxSockets: 1 });
    const aborted = AbortSignal.abort(new Error('over'));
    const sent = transport.send({ method: 'GET', path: '/status/leader' }, {}, aborted);
    await expect(sent).rejects.toThrow('over');
    await new Promise(setImmediate);
    transport.close();
    await new Promise((resolve) => server.close(resolve));
    expect(connections).toBe(0);
  });
});
