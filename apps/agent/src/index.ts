export { createAgent } from './agent.ts';
export { CONFIG, settingsOf } from './config.ts';
