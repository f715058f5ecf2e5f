export { createAgent } from './agent.ts';
export type { Agent, AgentDeps } from './agent.ts';
export { CONFIG, settingsOf } from './config.ts';
export type { AgentConfig } from './config.ts';
