import { Controller, Get, Req } from '@nestjs/common';
import { type IncomingMessage } from 'node:http';
import { INSTANCE } from './instance.js';

@Controller()
export class AppserverController {
  /** Says who serves. */
  @Get()
  whoAmI(@Req() { socket }: IncomingMessage) {
    return { instance: INSTANCE, address: socket.localAddress, port: socket.localPort, pid: process.pid };
  }
}
