import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

/** Allows requests from this machine only. A real application checks who asks, as for its other routes of operators. */
@Injectable()
export class LocalGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { remoteAddress = '' } = context
      .switchToHttp()
      .getRequest<{ socket: { remoteAddress?: string } }>().socket;
    return remoteAddress === '::1' || remoteAddress.replace(/^::ffff:/, '').startsWith('127.');
  }
}
