export { METRICS } from './processes.ts';
