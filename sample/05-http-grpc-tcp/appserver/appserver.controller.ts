import { Controller, Get, Req } from '@nestjs/common';
import { GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { type IncomingMessage } from 'node:http';
import { INSTANCE } from './instance.js';
import { ADDRESS, PORTS } from './ports.js';

/** Returns the instance that serves the request, over each of the three protocols. */
@Controller()
export class AppserverController {
  @Get()
  index(@Req() { socket }: IncomingMessage) {
    return answer(socket.localAddress, socket.localPort);
  }

  @GrpcMethod('Appserver', 'Index')
  grpc() {
    return answer(ADDRESS, PORTS.grpc);
  }

  @MessagePattern('index')
  tcp() {
    return answer(ADDRESS, PORTS.tcp);
  }
}

function answer(address: string | undefined, port: number | undefined) {
  return { instance: INSTANCE, address, port, pid: process.pid };
}
