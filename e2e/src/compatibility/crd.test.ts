import { describe, expect, test } from '@jest/globals';
import { bottlerocketShadowCrd } from '@brupop/crd-models';

// The resource of Brupop 1.0 to 1.7, word for word, but for the descriptions. Where ours differs, a test says so and why.
const SEMVER =
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$';
const V2_STATES = ['Idle', 'StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'ErrorReset'];
const V1_STATES = ['Idle', 'StagedUpdate', 'PerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate'];

const spec = (states: readonly string[]): object => ({
  type: 'object',
  required: ['state'],
  properties: {
    state: { type: 'string', enum: states },
    state_transition_timestamp: { type: 'string', nullable: true },
    version: { type: 'string', nullable: true, pattern: SEMVER },
  },
});
const statusV1 = {
  type: 'object',
  nullable: true,
  required: ['current_state', 'current_version', 'target_version'],
  properties: {
    current_state: { type: 'string', enum: V1_STATES },
    current_version: { type: 'string', pattern: SEMVER },
    target_version: { type: 'string', pattern: SEMVER },
  },
};
const statusV2 = {
  type: 'object',
  nullable: true,
  required: ['crash_count', 'current_state', 'current_version', 'target_version'],
  properties: {
    crash_count: { type: 'integer', format: 'uint32', minimum: 0 },
    current_state: { type: 'string', enum: V2_STATES },
    current_version: { type: 'string', pattern: SEMVER },
    state_transition_failure_timestamp: { type: 'string', nullable: true },
    target_version: { type: 'string', pattern: SEMVER },
  },
};
const COLUMNS = [
  { name: 'State', type: 'string', jsonPath: '.status.current_state' },
  { name: 'Version', type: 'string', jsonPath: '.status.current_version' },
  { name: 'Target State', type: 'string', jsonPath: '.spec.state' },
  { name: 'Target Version', type: 'string', jsonPath: '.spec.version' },
];
const OURS = ['conditions', 'progress', 'failed_versions', 'boot_id', 'failure_message', 'unhealthy_before', 'update_check'];

type Json = Readonly<Record<string, unknown>>;

/** Without descriptions, and with lists whose order says nothing sorted. */
function essence(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return key === 'required' ? [...(value as string[])].sort() : value.map((item) => essence(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([name, field]) => name !== 'description' || typeof field !== 'string');
  return Object.fromEntries(fields.map(([name, field]) => [name, essence(field, name)]));
}

const crd = essence(bottlerocketShadowCrd({ namespace: 'brupop-bottlerocket-aws', servicePort: 443 })) as {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json;
  readonly spec: Json & { readonly versions: readonly VersionJson[] };
};
interface VersionJson {
  readonly name: string;
  readonly additionalPrinterColumns: readonly Json[];
  readonly schema: { readonly openAPIV3Schema: { readonly properties: { readonly status: Json & { readonly properties: Json } } } };
}
const [v2, v1] = crd.spec.versions as readonly [VersionJson, VersionJson];

/** The schema without what we have added to the status. */
function withoutOurs({ schema: { openAPIV3Schema } }: VersionJson): unknown {
  const { status } = openAPIV3Schema.properties;
  const properties = Object.fromEntries(Object.entries(status.properties).filter(([name]) => !OURS.includes(name)));
  return { ...openAPIV3Schema, properties: { ...openAPIV3Schema.properties, status: { ...status, properties } } };
}

describe('the CustomResourceDefinition of the original', () => {
  test('is of this name, group, kind and scope, and its versions are v2 (stored) and v1 (served), in this order', () => {
    const { versions, ...rest } = { ...crd.spec, conversion: undefined };
    expect([crd.apiVersion, crd.kind, crd.metadata['name'], rest]).toEqual([
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'bottlerocketshadows.brupop.bottlerocket.aws',
      {
        group: 'brupop.bottlerocket.aws',
        names: {
          categories: [],
          kind: 'BottlerocketShadow',
          plural: 'bottlerocketshadows',
          shortNames: ['brs'],
          singular: 'bottlerocketshadow',
        },
        scope: 'Namespaced',
      },
    ]);
    expect(versions).toMatchObject([
      { name: 'v2', served: true, storage: true, subresources: { status: {} } },
      { name: 'v1', served: true, storage: false, subresources: { status: {} } },
    ]);
  });

  test.each([
    { name: 'v2', version: v2, states: V2_STATES, status: statusV2 },
    { name: 'v1', version: v1, states: V1_STATES, status: statusV1 },
  ])('has this schema in $name, field by field', ({ version, states, status }) => {
    expect(withoutOurs(version)).toEqual({
      type: 'object',
      title: 'BottlerocketShadow',
      required: ['spec'],
      properties: { spec: spec(states), status },
    });
  });

  test('is converted by this webhook', () => {
    expect(crd.spec['conversion']).toEqual({
      strategy: 'Webhook',
      webhook: {
        clientConfig: { service: { name: 'brupop-apiserver', namespace: 'brupop-bottlerocket-aws', path: '/crdconvert', port: 443 } },
        conversionReviewVersions: ['v2', 'v1'],
      },
    });
  });

  test('shows these columns first', () => {
    expect(v2.additionalPrinterColumns.slice(0, 4)).toEqual(COLUMNS);
    expect(v1.additionalPrinterColumns.slice(0, 4)).toEqual(COLUMNS);
  });
});

describe('what is ours in it', () => {
  test('are optional fields of the status of v2', () => {
    expect(Object.keys(v2.schema.openAPIV3Schema.properties.status.properties).filter((name) => OURS.includes(name))).toEqual(OURS);
    expect(Object.keys(v1.schema.openAPIV3Schema.properties.status.properties).filter((name) => OURS.includes(name))).toEqual([]);
  });

  test('lessons §6.4: the crash count sorts as a number, and the age is shown', () => {
    const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
    // Those that only `-o wide` shows come on top.
    const shown = v2.additionalPrinterColumns.slice(4).filter(({ priority = 0 }) => priority === 0);
    expect(shown).toEqual([{ name: 'Crash Count', type: 'integer', jsonPath: '.status.crash_count' }, age]);
    expect(v1.additionalPrinterColumns.slice(4)).toEqual([age]);
  });

  test('lessons §7.4: cert-manager is pointed at a Certificate that exists', () => {
    expect(crd.metadata['annotations']).toEqual({
      'cert-manager.io/inject-ca-from': 'brupop-bottlerocket-aws/brupop-apiserver-certificate',
    });
  });
});
