import { HEADERS, LOWER_CASE_HEADERS, ROUTES } from '@brupop/agent-api';
import { CONFIG as AGENT_CONFIG } from '@brupop/agent';
import { CONFIG as APISERVER_CONFIG, listenAddress } from '@brupop/apiserver';
import * as models from '@brupop/crd-models';
import { installObjects } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';

// Every name is a literal: who renames one breaks what users script, scrape and configure.

describe('names of Brupop 1.x in the code', () => {
  test.each([
    ['GROUP', 'brupop.bottlerocket.aws'],
    ['KIND', 'BottlerocketShadow'],
    ['PLURAL', 'bottlerocketshadows'],
    ['SINGULAR', 'bottlerocketshadow'],
    ['SHORT_NAME', 'brs'],
    ['STORAGE_VERSION', 'v2'],
    ['CRD_NAME', 'bottlerocketshadows.brupop.bottlerocket.aws'],
    ['DEFAULT_NAMESPACE', 'brupop-bottlerocket-aws'],
    ['UPDATER_INTERFACE_LABEL', 'bottlerocket.aws/updater-interface-version'],
    ['UPDATER_INTERFACE_VERSION', '2.0.0'],
    ['EXCLUDE_FROM_LB_LABEL', 'node.kubernetes.io/exclude-from-external-load-balancers'],
    ['EXCLUDE_FROM_LB_VALUE', 'True'],
    ['COMPONENT_LABEL', 'brupop.bottlerocket.aws/component'],
    ['AGENT_COMPONENT', 'agent'],
    ['APISERVER_COMPONENT', 'apiserver'],
    ['CONTROLLER_COMPONENT', 'brupop-controller'],
    ['AGENT_SERVICE_ACCOUNT', 'brupop-agent-service-account'],
    ['APISERVER_SERVICE_ACCOUNT', 'brupop-apiserver-service-account'],
    ['CONTROLLER_SERVICE_ACCOUNT', 'brupop-controller-service-account'],
    ['APISERVER_SERVICE', 'brupop-apiserver'],
    ['CONTROLLER_SERVICE', 'brupop-controller-server'],
    ['AGENT_DAEMON_SET', 'brupop-agent'],
    ['APISERVER_DEPLOYMENT', 'brupop-apiserver'],
    ['CONTROLLER_DEPLOYMENT', 'brupop-controller-deployment'],
    ['TOKEN_AUDIENCE', 'brupop-apiserver'],
    ['ROOT_CA_SECRET', 'brupop-root-ca-secret'],
    ['APISERVER_CERTIFICATE', 'brupop-apiserver-certificate'],
    ['CLIENT_CERTIFICATE', 'brupop-apiserver-client-certificate'],
  ] as const)('%s is %s', (name, value) => {
    expect(models[name]).toBe(value);
  });

  test('a shadow is called brs- and its node', () => {
    expect(models.shadowName('ip-10-0-0-1.ec2.internal')).toBe('brs-ip-10-0-0-1.ec2.internal');
  });

  test('states of v2 and v1', () => {
    expect(models.SHADOW_STATES).toEqual(['Idle', 'StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'ErrorReset']);
    expect(models.SHADOW_V1_STATES).toEqual(['Idle', 'StagedUpdate', 'PerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate']);
  });

  test('routes of the apiserver', () => {
    expect(ROUTES).toMatchObject({
      shadow: '/bottlerocket-node-resource',
      cordonAndDrain: '/bottlerocket-node-resource/cordon-and-drain',
      uncordon: '/bottlerocket-node-resource/uncordon',
      excludeFromLb: '/bottlerocket-node-resource/exclude-from-lb',
      removeExclusionFromLb: '/bottlerocket-node-resource/remove-exclusion-from-lb',
      convert: '/crdconvert',
      ping: '/ping',
    });
  });

  test('headers of an agent', () => {
    expect(HEADERS).toEqual({ nodeName: 'BrupopNodeName', nodeUid: 'BrupopNodeUid', token: 'BrupopK8sAuthToken' });
    expect(LOWER_CASE_HEADERS).toEqual({ nodeName: 'brupopnodename', nodeUid: 'brupopnodeuid', token: 'brupopk8sauthtoken' });
  });

  test('files of the agent and the apiserver', () => {
    expect(AGENT_CONFIG.tokenPath.default).toBe('/var/run/secrets/tokens/bottlerocket-agent-service-account-token');
    expect(AGENT_CONFIG.hostSocket.default).toBe('/run/api.sock');
    expect([AGENT_CONFIG.tlsDir.default, APISERVER_CONFIG.tlsDir.default]).toEqual(['/etc/brupop-tls-keys', '/etc/brupop-tls-keys']);
  });

  test.each([
    { host: '10.100.0.1', address: '0.0.0.0' },
    { host: 'fd00::1', address: '::' },
  ])('with KUBERNETES_SERVICE_HOST $host the apiserver listens on $address', ({ host, address }) => {
    expect(listenAddress({ bindAddress: undefined, kubernetesHost: host })).toBe(address);
  });
});

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly strategy?: unknown;
    readonly ports?: readonly unknown[];
    readonly selector: unknown;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly affinity: { readonly nodeAffinity: { readonly requiredDuringSchedulingIgnoredDuringExecution: unknown } };
        readonly volumes: readonly { readonly name: string; readonly [source: string]: unknown }[];
        readonly containers: readonly [Readonly<Record<string, unknown>>];
      };
    };
  };
}

const objects = installObjects({ image: 'brupop' }) as unknown as readonly Workload[];
function find(kind: string, name: string): Workload {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}`);
  return found;
}

describe('names of Brupop 1.x in the manifests', () => {
  const LINUX = { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] };
  const ARCHITECTURES = { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64', 'arm64'] };
  const OPTED_IN = { key: 'bottlerocket.aws/updater-interface-version', operator: 'In', values: ['2.0.0'] };

  test.each([
    {
      kind: 'DaemonSet',
      name: 'brupop-agent',
      component: 'agent',
      account: 'brupop-agent-service-account',
      command: './agent',
      where: [LINUX, ARCHITECTURES, OPTED_IN],
    },
    {
      kind: 'Deployment',
      name: 'brupop-apiserver',
      component: 'apiserver',
      account: 'brupop-apiserver-service-account',
      command: './apiserver',
      where: [LINUX, ARCHITECTURES],
    },
    {
      kind: 'Deployment',
      name: 'brupop-controller-deployment',
      component: 'brupop-controller',
      account: 'brupop-controller-service-account',
      command: './controller',
      where: [LINUX, ARCHITECTURES],
    },
  ])('$kind $name', ({ kind, name, component, account, command, where }) => {
    const { spec } = find(kind, name);
    expect(spec.selector).toEqual({ matchLabels: { 'brupop.bottlerocket.aws/component': component } });
    expect(spec.template.metadata.labels).toMatchObject({ 'brupop.bottlerocket.aws/component': component });
    expect(spec.template.spec.serviceAccountName).toBe(account);
    expect(spec.template.spec.containers).toMatchObject([{ name: 'brupop', command: [command] }]);
    const { nodeSelectorTerms } = spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution as {
      nodeSelectorTerms: readonly { matchExpressions: readonly { key: string }[] }[];
    };
    const byKey = (a: { key: string }, b: { key: string }): number => a.key.localeCompare(b.key);
    expect(nodeSelectorTerms.map(({ matchExpressions }) => [...matchExpressions].sort(byKey))).toEqual([[...where].sort(byKey)]);
  });

  test('labels of the objects', () => {
    for (const { kind, metadata } of objects as unknown as readonly { kind: string; metadata: { labels?: object } }[]) {
      if (['CustomResourceDefinition', 'Namespace', 'PriorityClass'].includes(kind)) continue;
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'brupop', 'app.kubernetes.io/part-of': 'brupop' });
    }
  });

  test('the projected token and the socket of the agent', () => {
    const { volumes, containers } = find('DaemonSet', 'brupop-agent').spec.template.spec;
    expect(volumes).toContainEqual({
      name: 'bottlerocket-agent-service-account-token',
      projected: expect.objectContaining({
        sources: [
          {
            serviceAccountToken: expect.objectContaining({
              audience: 'brupop-apiserver',
              path: 'bottlerocket-agent-service-account-token',
            }),
          },
        ],
      }),
    });
    expect(volumes).toContainEqual({ name: 'bottlerocket-api-socket', hostPath: { path: '/run/api.sock', type: 'Socket' } });
    expect(containers[0]['volumeMounts']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'bottlerocket-agent-service-account-token', mountPath: '/var/run/secrets/tokens' }),
        expect.objectContaining({ name: 'bottlerocket-api-socket', mountPath: '/run/api.sock' }),
        expect.objectContaining({ name: 'bottlerocket-tls-keys', mountPath: '/etc/brupop-tls-keys' }),
      ]),
    );
    expect(containers[0]['securityContext']).toMatchObject({
      seLinuxOptions: { user: 'system_u', role: 'system_r', type: 'super_t', level: 's0' },
    });
  });

  test.each([
    { name: 'brupop-apiserver', port: { port: 443, targetPort: 8443 } },
    { name: 'brupop-controller-server', port: { name: 'main', port: 80, targetPort: 8080 } },
  ])('Service $name', ({ name, port }) => {
    expect(find('Service', name).spec.ports).toEqual(expect.arrayContaining([expect.objectContaining(port)]));
  });

  test('annotations by which Prometheus finds the controller', () => {
    const { annotations = {} } = find('Service', 'brupop-controller-server').metadata;
    expect(annotations).toMatchObject({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' });
  });

  test.each([
    {
      role: 'brupop-apiserver-role',
      rules: [
        ['brupop.bottlerocket.aws', 'bottlerocketshadows', ['create', 'get', 'list', 'patch', 'watch']],
        ['brupop.bottlerocket.aws', 'bottlerocketshadows/status', ['patch']],
        ['', 'pods', ['get', 'list', 'watch']],
        ['', 'nodes', ['get', 'list', 'patch']],
        ['', 'pods/eviction', ['create']],
      ],
    },
    {
      role: 'brupop-controller-role',
      rules: [
        ['brupop.bottlerocket.aws', 'bottlerocketshadows', ['get', 'list', 'watch', 'patch', 'delete']],
        ['', 'nodes', ['get', 'list', 'watch']],
      ],
    },
  ] as const)('$role still allows what the original was allowed and ours does', ({ role, rules }) => {
    const granted = (objects as unknown as { kind: string; metadata: { name: string }; rules?: readonly Rule[] }[])
      .filter(({ kind, metadata }) => (kind === 'ClusterRole' || kind === 'Role') && metadata.name === role)
      .flatMap((object) => object.rules ?? []);
    for (const [group, resource, verbs] of rules) {
      const matching = granted.filter(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource));
      expect({ resource, verbs: matching.flatMap((rule) => rule.verbs) }).toEqual({
        resource,
        verbs: expect.arrayContaining([...verbs]),
      });
    }
  });
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
