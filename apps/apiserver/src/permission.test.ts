import { ROUTES } from '@brupop/agent-api';
import { CORDONED_ANNOTATION, PLURAL } from '@brupop/crd-models';
import type { ProgressStep } from '@brupop/crd-models';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Response } from 'light-my-request';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { whyNotPermitted, whyReportRefused } from './permission.ts';
import { ApiserverWorld } from './testing/apiserver-world.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle' as const, crash_count: 0, boot_id: 'b' };
const ASYNC = { prefer: 'respond-async' };
const LAG_MS = 140_000;
const reporting = (step: ProgressStep, version = '1.1.0') => ({
  ...STATUS,
  progress: { step, since: '2026-01-05T00:00:00Z', boot_id: 'b', version },
});

describe(whyReportRefused, () => {
  test.each<{ name: string; desired: string; version?: string | null; step?: ProgressStep; refused: boolean }>([
    { name: 'a drain that is permitted', desired: 'RebootedIntoUpdate', step: 'Draining', refused: false },
    { name: 'a drain for another version', desired: 'RebootedIntoUpdate', version: '1.2.0', step: 'Draining', refused: true },
    {
      name: 'a drain for a version where no version is desired',
      desired: 'RebootedIntoUpdate',
      version: null,
      step: 'Draining',
      refused: true,
    },
    { name: 'a drain after the permission was withdrawn', desired: 'StagedAndPerformedUpdate', step: 'Draining', refused: true },
    { name: 'an exclusion of a node whose desired state is Idle', desired: 'Idle', step: 'Excluding', refused: true },
    { name: 'a reboot of a node whose desired state is Idle', desired: 'Idle', step: 'Rebooting', refused: true },
    { name: 'a node that is being restored', desired: 'Idle', step: 'Returning', refused: false },
    { name: 'a status without a step', desired: 'Idle', refused: false },
  ])('$name: refused $refused', ({ desired, version = '1.1.0', step, refused }) => {
    const shadow = { spec: { state: desired as 'Idle', version } };
    expect(whyReportRefused(shadow, step === undefined ? STATUS : reporting(step)) !== undefined).toBe(refused);
  });

  test('a node without a shadow must not be disrupted', () => {
    expect(whyNotPermitted(undefined)).toBe('the node has no shadow');
  });
});

describe('a replica whose cache of shadows lags', () => {
  let world: ApiserverWorld;
  beforeEach(async () => {
    world = await new ApiserverWorld().start();
    world.permit();
    await world.clock.advance(1_000);
    world.api.faults.watchDelay = (_identity, { resource }) => (resource === PLURAL ? LAG_MS : 0);
  });
  afterEach(async () => {
    world.stopping.abort();
    await world.clock.settle();
  });
  const withdraw = (): void => {
    world.patchShadow({ spec: { state: 'Idle', version: null } });
  };
  const get = (headers: Record<string, string> = {}): Promise<Response> => world.send(world.asAgent('GET', ROUTES.shadow, { headers }));
  const put = (body: object): Promise<Response> => world.send(world.asAgent('PUT', ROUTES.shadow, { body }));
  const post = (url: string): Promise<Response> => world.send(world.asAgent('POST', url, { headers: ASYNC }));
  const isUntouched = (): boolean => {
    const { annotations = {}, labels = {} } = world.node().metadata as { annotations?: object; labels?: object };
    return !world.cordoned && !(CORDONED_ANNOTATION in annotations) && !(EXCLUDE_FROM_LB_LABEL in labels);
  };

  test('responds to a first read from the API server', async () => {
    withdraw();
    expect((await get()).json()).toMatchObject({ spec: { state: 'Idle' } });
  });

  test.each([{ name: 'nothing' }, { name: '"not-a-revision"' }])(
    'treats a read with the entity tag $name as a first read',
    async ({ name }) => {
      withdraw();
      expect((await get({ 'if-none-match': name })).json()).toMatchObject({ spec: { state: 'Idle' } });
    },
  );

  test('never responds with an older shadow than the caller knows, but with 304 after the wait', async () => {
    withdraw();
    const newer = `"${String(world.shadow()?.metadata.resourceVersion)}"`;
    const response = await get({ prefer: 'wait=60', 'if-none-match': newer });
    expect([response.statusCode, response.body]).toEqual([304, '']);
  });

  test('responds with the shadow of the API server if that is newer', async () => {
    const known = `"${String(Number(world.shadow()?.metadata.resourceVersion) + 1)}"`;
    withdraw();
    withdraw();
    world.patchShadow({ spec: { state: 'ErrorReset' } });
    expect((await get({ 'if-none-match': known })).json()).toMatchObject({ spec: { state: 'ErrorReset' } });
  });

  test.each<{ step: ProgressStep }>([{ step: 'Excluding' }, { step: 'Draining' }, { step: 'Rebooting' }])(
    'rejects the report of $step after the permission was withdrawn',
    async ({ step }) => {
      withdraw();
      const response = await put(reporting(step));
      expect([response.statusCode, response.json()]).toMatchObject([409, { error: { code: 'NOT_PERMITTED' } }]);
    },
  );

  test('accepts a step, and its report, that was permitted a moment ago', async () => {
    withdraw();
    world.permit();
    expect((await put(reporting('Draining'))).statusCode).toBe(200);
    expect((await post(ROUTES.cordonAndDrain)).json()).toMatchObject({ done: true });
  });

  test.each([{ url: ROUTES.cordonAndDrain }, { url: ROUTES.excludeFromLb }])('rejects $url without a permission', async ({ url }) => {
    world.api.faults.watchDelay = undefined;
    withdraw();
    await world.clock.advance(1_000);
    const response = await post(url);
    expect([response.statusCode, response.json()]).toMatchObject([409, { error: { code: 'NOT_PERMITTED' } }]);
    expect(isUntouched()).toBe(true);
  });

  test('ends the drain of an agent of Brupop 1.x when the permission is withdrawn', async () => {
    world.api.faults.watchDelay = undefined;
    world.addPod('web-0', 'node-1');
    const drain = world.begin(world.asAgent('POST', ROUTES.cordonAndDrain));
    await world.clock.advance(30_000);
    expect(drain.value).toBeUndefined();
    withdraw();
    await world.clock.advance(30_000);
    expect(drain.value?.statusCode).toBe(409);
  });
});
