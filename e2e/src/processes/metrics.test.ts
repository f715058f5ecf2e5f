import { get } from 'node:http';
import { APISERVER_COMPONENT, CONTROLLER_COMPONENT } from '@brupop/crd-models';
import { PLAN_SCHEMA } from '@brupop/controller';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { METRICS } from '@brupop/docs';
import { OLD } from '../fleet/versions.ts';
import { aProcessFleet } from './a-process-fleet.ts';
import type { ProcessFleet } from './process-fleet.ts';

const START_MS = 30_000;
// Metrics without a sample at the start, and the default metrics of prom-client.
const PROCESS = /^(process|nodejs)_/;

let fleet: ProcessFleet;

beforeAll(async () => {
  // Nothing to update: the metrics of an update are tested in process, where it takes no time.
  fleet = await aProcessFleet({ nodes: 1, to: OLD, webReplicas: 0 });
  const isUp = (): boolean => fleet.simulation.controllerEndpoint() !== undefined && fleet.hasReported();
  if (!(await fleet.until(isUp, START_MS))) throw new Error('the cluster did not come up');
});

/** Calls the first pod of a component that answers. */
async function fetchFrom(component: string, path: string): Promise<string> {
  for (const { metadata } of fleet.podsOf(component)) {
    const endpoint = fleet.simulation.runner.metricsOf(metadata.uid ?? '');
    if (endpoint === undefined) continue;
    return await new Promise((resolve, reject) => {
      get({ ...endpoint, path, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => {
          resolve(text);
        });
        response.on('error', reject);
      }).on('error', reject);
    });
  }
  throw new Error(`no pod of ${component} serves metrics`);
}

/** The metrics that a text in the Prometheus format declares, by name, with their type and help. */
function declared(text: string): Map<string, string> {
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]));
  return new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, `${type}: ${helps.get(name) ?? ''}`]),
  );
}

/** The metrics that have a sample. */
function sampled(text: string): Set<string> {
  return new Set([...text.matchAll(/^([a-z_]+)(?=[{ ])/gm)].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')));
}

describe.each([
  { component: CONTROLLER_COMPONENT, section: METRICS[0] },
  { component: APISERVER_COMPONENT, section: METRICS[1] },
])('the metrics of $component', ({ component, section }) => {
  test('are those of its list, with their types and meanings, and no others', async () => {
    const text = await fetchFrom(component, '/metrics');
    const own = [...declared(text)].filter(([name]) => !PROCESS.test(name));
    const listed = section?.metrics.map(({ name, type, help }) => [name, `${type}: ${help}`]) ?? [];
    expect(own.sort()).toEqual(listed.sort());
  });

  test('all have samples, except those of things that do not exist here', async () => {
    const text = await fetchFrom(component, '/metrics');
    const samples = sampled(text);
    const without = [...declared(text).keys()].filter((name) => !samples.has(name) && !PROCESS.test(name));
    // The window is always open, and there is nothing left to do.
    const absent = [
      'brupop_estimated_finish_timestamp_seconds',
      'brupop_update_window_closing_timestamp_seconds',
      'brupop_update_window_next_opening_timestamp_seconds',
    ];
    expect(without.sort()).toEqual(component === CONTROLLER_COMPONENT ? absent : []);
  });

  test('contain no name of a node or pod', async () => {
    const text = await fetchFrom(component, '/metrics');
    expect(text).not.toMatch(/node-1|brs-/);
  });

  test('describe the process itself, and its version', async () => {
    const text = await fetchFrom(component, '/metrics');
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).toMatch(/^brupop_build_info\{component="\w+",version="\d+\.\d+\.\d+",runtime="v\d+\.\d+\.\d+"\} 1$/m);
  });
});

describe('the plan', () => {
  test('matches its schema', async () => {
    const plan: unknown = JSON.parse(await fetchFrom(CONTROLLER_COMPONENT, '/plan'));
    const validate = new Ajv2020({ allErrors: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ } }).compile(PLAN_SCHEMA);
    expect(validate(plan) ? [] : validate.errors).toEqual([]);
    expect(plan).toMatchObject({ leader: true, synced: true, counts: { UpToDate: 1 }, estimate: { finishesAt: null, unknown: 0 } });
  });
});
