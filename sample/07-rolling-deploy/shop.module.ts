import { Controller, Get, Module } from '@nestjs/common';
import { SidekickModule } from 'nestjs-sidekick';

@Controller()
class ShopController {
  @Get()
  index() {
    return { version: process.env.VERSION };
  }
}

@Module({
  imports: [
    SidekickModule.forRoot({
      service: { name: 'shop', meta: { version: process.env.VERSION ?? '' } },
      // On SIGTERM the instance leaves the lists first, and serves late requests for another second.
      drain: 1,
    }),
  ],
  controllers: [ShopController],
})
export class ShopModule {}
