import { describe, expect, test } from '@jest/globals';
import { bottlerocketShadowCrd } from './crd.ts';

const crd = bottlerocketShadowCrd({ namespace: 'brupop-bottlerocket-aws', servicePort: 443 });
const DEFAULT_COLUMNS = ['State', 'Version', 'Target State', 'Target Version'];
const SEMVER =
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$';

describe(bottlerocketShadowCrd, () => {
  test('the resource has the names that users know', () => {
    expect(crd).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'bottlerocketshadows.brupop.bottlerocket.aws' },
      spec: {
        group: 'brupop.bottlerocket.aws',
        scope: 'Namespaced',
        names: { kind: 'BottlerocketShadow', plural: 'bottlerocketshadows', singular: 'bottlerocketshadow', shortNames: ['brs'] },
      },
    });
  });

  test('v2 comes first and is stored; v1 is served; both have the status subresource', () => {
    expect(crd.spec.versions.map(({ name, served, storage, subresources }) => ({ name, served, storage, subresources }))).toEqual([
      { name: 'v2', served: true, storage: true, subresources: { status: {} } },
      { name: 'v1', served: true, storage: false, subresources: { status: {} } },
    ]);
  });

  test.each([
    { index: 0, columns: [...DEFAULT_COLUMNS, 'Crash Count', 'Age'] },
    { index: 1, columns: [...DEFAULT_COLUMNS, 'Age'] },
  ])('columns of version $index are $columns', ({ index, columns }) => {
    const shown = crd.spec.versions[index]?.additionalPrinterColumns.filter(({ priority = 0 }) => priority === 0);
    expect(shown?.map(({ name }) => name)).toEqual(columns);
  });

  test('columns show what their names say', () => {
    expect(crd.spec.versions[0]?.additionalPrinterColumns.map(({ jsonPath, type }) => `${type} ${jsonPath}`)).toEqual([
      'string .status.current_state',
      'string .status.current_version',
      'string .spec.state',
      'string .spec.version',
      'integer .status.crash_count',
      'date .metadata.creationTimestamp',
      'string .status.target_version',
      'string .status.conditions[?(@.type=="Updating")].reason',
      'date .status.conditions[?(@.type=="Updating")].lastTransitionTime',
      'date .status.update_check.checked_at',
    ]);
  });

  test.each([
    {
      index: 0,
      states: ['Idle', 'StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'ErrorReset'],
      required: ['current_version', 'target_version', 'current_state', 'crash_count'],
    },
    {
      index: 1,
      states: ['Idle', 'StagedUpdate', 'PerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate'],
      required: ['current_version', 'target_version', 'current_state'],
    },
  ])('the schema of version $index has the states and the required fields of Brupop 1.x', ({ index, states, required }) => {
    expect(crd.spec.versions[index]?.schema.openAPIV3Schema).toMatchObject({
      type: 'object',
      title: 'BottlerocketShadow',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          required: ['state'],
          properties: {
            state: { type: 'string', enum: states },
            state_transition_timestamp: { type: 'string', nullable: true },
            version: { type: 'string', nullable: true, pattern: SEMVER },
          },
        },
        status: {
          type: 'object',
          nullable: true,
          required,
          properties: {
            current_version: { type: 'string', pattern: SEMVER },
            target_version: { type: 'string', pattern: SEMVER },
            current_state: { type: 'string', enum: states },
          },
        },
      },
    });
  });

  test('v2 alone has the crash count, the failure time and optional additions', () => {
    const [v2, v1] = crd.spec.versions.map(({ schema }) => schema.openAPIV3Schema.properties?.['status']?.properties ?? {});
    expect(v2).toMatchObject({
      crash_count: { type: 'integer', format: 'uint32', minimum: 0 },
      state_transition_failure_timestamp: { type: 'string', nullable: true },
    });
    expect(Object.keys(v2 ?? {}).filter((field) => !(field in (v1 ?? {})))).toEqual([
      'crash_count',
      'state_transition_failure_timestamp',
      'conditions',
      'progress',
      'failed_versions',
      'boot_id',
      'failure_message',
      'unhealthy_before',
      'update_check',
    ]);
  });

  test('conversion goes through the apiserver Service, and cert-manager injects the authority of the certificate that exists', () => {
    expect(crd.spec.conversion).toEqual({
      strategy: 'Webhook',
      webhook: {
        clientConfig: { service: { name: 'brupop-apiserver', namespace: 'brupop-bottlerocket-aws', path: '/crdconvert', port: 443 } },
        conversionReviewVersions: ['v2', 'v1'],
      },
    });
    expect(crd.metadata.annotations).toEqual({ 'cert-manager.io/inject-ca-from': 'brupop-bottlerocket-aws/brupop-apiserver-certificate' });
  });

  test('a given authority is used, without cert-manager', () => {
    const given = bottlerocketShadowCrd({ namespace: 'ns', servicePort: 8443, caBundle: 'Q0E=' });
    expect(given.metadata).toEqual({ name: 'bottlerocketshadows.brupop.bottlerocket.aws' });
    expect(given.spec.conversion.webhook.clientConfig).toEqual({
      service: { name: 'brupop-apiserver', namespace: 'ns', path: '/crdconvert', port: 8443 },
      caBundle: 'Q0E=',
    });
  });
});
