import { CONFIG as AGENT_CONFIG } from '@brupop/agent';
import { APISERVER_METRICS, CONFIG as APISERVER_CONFIG } from '@brupop/apiserver';
import { CONTROLLER_CONFIG, CONTROLLER_METRICS, LEADER_METRICS } from '@brupop/controller';
import type { Component } from '@brupop/manifests';
import type { ConfigItem } from '@brupop/process';
import type { ProcessSection } from './configuration-page.ts';
import type { MetricsSection } from './metrics-page.ts';

/** The environment variables of each process. */
export const VARIABLES: Readonly<Record<Component, readonly ConfigItem<unknown>[]>> = {
  controller: Object.values(CONTROLLER_CONFIG),
  apiserver: Object.values(APISERVER_CONFIG),
  agent: Object.values(AGENT_CONFIG),
};

/** The sections of docs/configuration.md. */
export const SECTIONS: readonly ProcessSection[] = [
  { title: 'Controller', variables: VARIABLES.controller },
  { title: 'Apiserver', variables: VARIABLES.apiserver },
  { title: 'Agent', variables: VARIABLES.agent },
];

/** The sections of docs/metrics.md. */
export const METRICS: readonly MetricsSection[] = [
  { title: 'Controller', metrics: CONTROLLER_METRICS, leaderOnly: LEADER_METRICS.map(({ name }) => name) },
  { title: 'Apiserver', metrics: APISERVER_METRICS },
];
