import { join, resolve } from 'node:path';
import type { SimulationOptions } from '@brupop/simulator';

const apps = resolve(import.meta.dirname, '../../../apps');

/** The programs of the images. */
export const BUNDLES: SimulationOptions['bundles'] = {
  agent: join(apps, 'agent/dist/main.mjs'),
  apiserver: join(apps, 'apiserver/dist/main.mjs'),
  controller: join(apps, 'controller/dist/main.mjs'),
};
