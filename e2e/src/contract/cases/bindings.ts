import type { ContractCase } from '../contract-case.ts';
import { aPod, pods, refusal } from '../objects.ts';
import type { Answer, Json, World } from '../world.ts';

const bind = (world: World, name: string): Promise<Answer> =>
  world.ask('POST', `${pods(world)}/${name}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name },
    target: { apiVersion: 'v1', kind: 'Node', name: 'contract-node' },
  });

/** Whether `managedFields` record a writer of `spec.nodeName`. */
async function ownsNodeName(world: World, name: string): Promise<boolean> {
  const { metadata } = (await world.ask('GET', `${pods(world)}/${name}`)).body;
  return (metadata.managedFields as Json[]).some(({ fieldsV1 }) => fieldsV1['f:spec']?.['f:nodeName'] !== undefined);
}

// No scheduler binds such a pod, so only the test does.
const unscheduled = { nodeName: undefined, schedulerName: 'none' };

export const BINDINGS: readonly ContractCase[] = [
  {
    name: 'managedFields distinguish a pod that was created with its nodeName from one that a scheduler has bound',
    observe: async (world) => {
      await world.ask('POST', pods(world), aPod('created'));
      await world.ask('POST', pods(world), aPod('bound', {}, unscheduled));
      const { status, body } = await bind(world, 'bound');
      const { spec } = (await world.ask('GET', `${pods(world)}/bound`)).body;
      return [status, body.status, spec.nodeName, await ownsNodeName(world, 'created'), await ownsNodeName(world, 'bound')];
    },
    expected: [201, 'Success', 'contract-node', true, false],
  },
  {
    name: 'a pod can be bound only once',
    observe: async (world) => {
      await world.ask('POST', pods(world), aPod('p', {}, unscheduled));
      await bind(world, 'p');
      return refusal(await bind(world, 'p'));
    },
    expected: {
      status: 409,
      reason: 'Conflict',
      message: 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "contract-node"',
    },
  },
];
