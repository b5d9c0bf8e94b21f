export { SidekickDashboardModule } from './dashboard.module.js';
export {
  type DashboardMount,
  type DashboardOptions,
  type SidekickDashboardModuleAsyncOptions,
  type SidekickDashboardModuleOptions,
} from './dashboard.options.js';
