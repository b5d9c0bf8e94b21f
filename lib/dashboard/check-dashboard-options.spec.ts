import {
  checkAsyncDashboardOptions,
  checkDashboardOptions,
  checkMadeOptions,
} from './check-dashboard-options.js';

class Guard {
  canActivate = (): boolean => true;
}

describe('the options of SidekickDashboardModule', () => {
  it.each<[unknown, string]>([
    [{ path: 7 }, 'Expected `SidekickDashboardModule.path` to be a path without query'],
    [{ path: 'a?b' }, 'Expected `SidekickDashboardModule.path` to be a path without query'],
    [{ guards: Guard }, 'Expected `SidekickDashboardModule.guards` to be an array of guards'],
    [{ guards: [undefined] }, 'Expected `SidekickDashboardModule.guards` to be an array of guards'],
    // The data would be open to all.
    [{ gaurds: [Guard] }, 'Expected `SidekickDashboardModule` to be an object with fields among'],
    [{ title: 1 }, 'Expected `SidekickDashboardModule.title` to be a string, got 1.'],
  ])('refuse %j', (options, message) => {
    expect(() => {
      checkDashboardOptions(options);
    }).toThrow(message);
  });

  it('accept classes and instances as guards, and a path of several parts', () => {
    checkDashboardOptions({
      path: '/ops/sidekick',
      guards: [Guard, new Guard()],
      guardPage: true,
      title: 'x',
    });
    checkAsyncDashboardOptions({ inject: ['x'], useFactory: () => ({}) });
    expect(() => {
      checkMadeOptions({ title: null });
    }).toThrow('SidekickDashboardModule.useFactory().title');
  });
});
