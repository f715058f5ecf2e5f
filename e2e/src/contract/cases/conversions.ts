import type { ContractCase } from '../contract-case.ts';
import { kindOf } from '../objects.ts';
import type { World } from '../world.ts';
import { GROUP } from '../world.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export const CONVERSIONS: readonly ContractCase[] = [
  {
    name: 'if a conversion webhook is unreachable, objects can be created, read and listed in the stored version only',
    observe: (world) =>
      withGadgets(world, async (gadgets) => {
        const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<object> =>
          kindOf(await world.ask(method, path, body));
        return {
          storedIsMade: (await world.ask('POST', gadgets('v1'), aGadget('v1', 'a'))).status,
          otherIsMade: await ask('POST', gadgets('v2'), aGadget('v2', 'b')),
          storedIsRead: (await world.ask('GET', `${gadgets('v1')}/a`)).status,
          otherIsRead: await ask('GET', `${gadgets('v2')}/a`),
          storedIsListed: (await world.ask('GET', gadgets('v1'))).status,
          otherIsListed: await ask('GET', gadgets('v2')),
          otherIsWatched: (await world.ask('GET', `${gadgets('v2')}?watch=true&resourceVersion=0&timeoutSeconds=1`)).status,
        };
      }),
    expected: {
      storedIsMade: 201,
      otherIsMade: { status: 500, reason: undefined },
      storedIsRead: 200,
      otherIsRead: { status: 500, reason: 'InternalError' },
      storedIsListed: 200,
      otherIsListed: { status: 500, reason: 'StorageReadError' },
      otherIsWatched: 200,
    },
  },
];

const aGadget = (version: string, name: string): object => ({ apiVersion: `${GROUP}/${version}`, kind: 'Gadget', metadata: { name } });

/** Defines a kind for the duration of `use`, whose objects are stored as v1, with an unreachable conversion webhook. */
async function withGadgets<T>(world: World, use: (gadgets: (version: string) => string) => Promise<T>): Promise<T> {
  // A definition is cluster-scoped, so its name must differ from those of other runs.
  const plural = `gadgets-${world.namespace}`;
  const gadgets = (version: string): string => `/apis/${GROUP}/${version}/namespaces/${world.namespace}/${plural}`;
  const service = { namespace: world.namespace, name: 'absent', path: '/convert' };
  await world.ask('POST', CRDS, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural, singular: `gadget-${world.namespace}`, kind: 'Gadget', listKind: 'GadgetList' },
      conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { service } } },
      versions: ['v1', 'v2'].map((name) => ({
        name,
        served: true,
        storage: name === 'v1',
        schema: { openAPIV3Schema: { type: 'object' } },
      })),
    },
  });
  try {
    await world.until(async () => ((await world.ask('GET', gadgets('v1'))).status === 200 ? true : undefined));
    return await use(gadgets);
  } finally {
    await world.ask('DELETE', `${CRDS}/${plural}.${GROUP}`);
  }
}
