import { Controller, Get, Req } from '@nestjs/common';
import { type IncomingMessage } from 'node:http';
import { INSTANCE } from './instance.js';

@Controller()
export class AppserverController {
  /** Returns the instance that serves the request. */
  @Get()
  index(@Req() { socket }: IncomingMessage) {
    return { instance: INSTANCE, address: socket.localAddress, port: socket.localPort, pid: process.pid };
  }
}
