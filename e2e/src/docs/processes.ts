import { CONFIG as AGENT_CONFIG } from '@brupop/agent';
import { CONFIG as APISERVER_CONFIG } from '@brupop/apiserver';
import { CONTROLLER_CONFIG } from '@brupop/controller';
import type { Component } from '@brupop/manifests';
import type { ConfigItem } from '@brupop/process';
import type { ProcessSection } from './configuration-page.ts';

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
