import { Injectable } from '@nestjs/common';
import { type RegistrationEvent, Sidekick } from 'nestjs-sidekick';

const WORDS: Readonly<Record<RegistrationEvent['type'], string>> = {
  alive: 'registered',
  late: 'renewal is late',
  lost: 'lost',
  restored: 'registered again',
  stopped: 'deregistered',
};

/** Logs each change of this instance's registration. */
@Injectable()
export class Registration {
  constructor(sidekick: Sidekick) {
    sidekick.events.subscribe(({ type, key }) => console.log(`${key}: ${WORDS[type]}`));
  }
}
