import type { ContractCase } from '../contract-case.ts';
import { aConfigMap, aLease, aWidget, configMaps, kindOf, leases, refusal, widgets } from '../objects.ts';

export const CREATE_AND_UPDATE: readonly ContractCase[] = [
  {
    name: 'a second create with the same name fails with AlreadyExists',
    observe: async (world) => {
      const first = await world.ask('POST', configMaps(world), aConfigMap('a'));
      const second = await world.ask('POST', configMaps(world), aConfigMap('a'));
      return [first.status, refusal(second), second.body.details];
    },
    expected: [201, { status: 409, reason: 'AlreadyExists', message: 'configmaps "a" already exists' }, { name: 'a', kind: 'configmaps' }],
  },
  {
    name: 'a missing custom resource is NotFound, with its group in the message',
    observe: async (world) => {
      const answer = await world.ask('GET', `${widgets(world)}/none`);
      return [refusal(answer), answer.body.details];
    },
    expected: [
      { status: 404, reason: 'NotFound', message: 'widgets.contract.example.com "none" not found' },
      { name: 'none', group: 'contract.example.com', kind: 'widgets' },
    ],
  },
  {
    name: 'an update with an old resourceVersion is a conflict, and changes nothing',
    observe: async (world) => {
      const { body: old } = await world.ask('POST', configMaps(world), aConfigMap('a', { x: '1' }));
      await world.ask('PUT', `${configMaps(world)}/a`, { ...old, data: { x: '2' } });
      const late = await world.ask('PUT', `${configMaps(world)}/a`, { ...old, data: { x: '3' } });
      return [refusal(late), (await world.ask('GET', `${configMaps(world)}/a`)).body.data];
    },
    expected: [
      {
        status: 409,
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      },
      { x: '2' },
    ],
  },
  {
    name: 'if two holders take a Lease from the same state, one gets a conflict',
    observe: async (world) => {
      const { body: free } = await world.ask('POST', leases(world), aLease('l', ''));
      const take = (holderIdentity: string) =>
        world.ask('PUT', `${leases(world)}/l`, { ...free, spec: { holderIdentity, leaseDurationSeconds: 15 } });
      const answers = await Promise.all([take('first'), take('second')]);
      return answers.map(({ status }) => status).sort();
    },
    expected: [200, 409],
  },
  {
    name: 'of two creates of one Lease, the second fails with AlreadyExists',
    observe: async (world) => {
      const answers = await Promise.all(['first', 'second'].map((who) => world.ask('POST', leases(world), aLease('l', who))));
      return answers.map(({ status }) => status).sort();
    },
    expected: [201, 409],
  },
  {
    name: 'an update of a Lease or a custom resource requires a resourceVersion, one of a ConfigMap does not',
    observe: async (world) => {
      await world.ask('POST', leases(world), aLease('l', 'a'));
      await world.ask('POST', widgets(world), aWidget('w'));
      await world.ask('POST', configMaps(world), aConfigMap('c'));
      const lease = await world.ask('PUT', `${leases(world)}/l`, aLease('l', 'b'));
      const widget = await world.ask('PUT', `${widgets(world)}/w`, aWidget('w'));
      const configMap = await world.ask('PUT', `${configMaps(world)}/c`, aConfigMap('c', { x: '1' }));
      return [kindOf(lease), refusal(widget), configMap.status];
    },
    expected: [
      { status: 422, reason: 'Invalid' },
      {
        status: 422,
        reason: 'Invalid',
        message: 'widgets.contract.example.com "w" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      },
      200,
    ],
  },
  {
    name: 'an update that changes nothing keeps the resourceVersion',
    observe: async (world) => {
      const { body } = await world.ask('POST', configMaps(world), aConfigMap('a', { x: '1' }));
      const again = await world.ask('PUT', `${configMaps(world)}/a`, body);
      return again.body.metadata.resourceVersion === body.metadata.resourceVersion;
    },
    expected: true,
  },
  {
    name: 'the uid in an update must match',
    observe: async (world) => {
      const { body } = await world.ask('POST', configMaps(world), aConfigMap('a'));
      const other = { ...body, metadata: { ...body.metadata, uid: '00000000-0000-4000-8000-000000000000' } };
      return kindOf(await world.ask('PUT', `${configMaps(world)}/a`, other));
    },
    expected: { status: 409, reason: 'Conflict' },
  },
  {
    name: 'a name that is not a DNS name is rejected',
    observe: async (world) => kindOf(await world.ask('POST', configMaps(world), aConfigMap('Not_A_Name'))),
    expected: { status: 422, reason: 'Invalid' },
  },
  {
    name: 'a dry run answers like a real request, and stores nothing',
    observe: async (world) => {
      const { status, body } = await world.ask('POST', `${configMaps(world)}?dryRun=All`, aConfigMap('a'));
      return [status, body.metadata.name, (await world.ask('GET', `${configMaps(world)}/a`)).status];
    },
    expected: [201, 'a', 404],
  },
  {
    name: 'an unknown path, resource or method is an error',
    observe: async (world) => [
      (await world.ask('GET', '/apis/none.example.com/v1')).status,
      (await world.ask('GET', `/api/v1/namespaces/${world.namespace}/nones`)).status,
      kindOf(await world.ask('PUT', configMaps(world), aConfigMap('a'))),
    ],
    expected: [404, 404, { status: 405, reason: 'MethodNotAllowed' }],
  },
];
