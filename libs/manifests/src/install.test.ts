import { describe, expect, test } from '@jest/globals';
import { installObjects } from './install.ts';
import { SERVER_TOLERATIONS } from './pods.ts';
import type { PolicyRule } from './rbac.ts';
import { find, install, podOf, WORKLOADS } from './testing/installation.ts';

describe(installObjects, () => {
  test('the objects of Brupop 1.x keep their names, in order', () => {
    const names = install({ certificates: 'cert-manager' }).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const added = ['Role ', 'RoleBinding ', 'PodDisruptionBudget ', 'NetworkPolicy ', 'ValidatingAdmissionPolicy'];
    expect(names.filter((name) => !added.some((kind) => name.startsWith(kind)))).toEqual([
      'Namespace brupop-bottlerocket-aws',
      'CustomResourceDefinition bottlerocketshadows.brupop.bottlerocket.aws',
      'PriorityClass brupop-controller-high-priority',
      'ServiceAccount brupop-agent-service-account',
      'ServiceAccount brupop-apiserver-service-account',
      'ServiceAccount brupop-controller-service-account',
      'ClusterRole brupop-agent-role',
      'ClusterRole brupop-apiserver-role',
      'ClusterRole brupop-controller-role',
      'ClusterRoleBinding brupop-agent-role-binding',
      'ClusterRoleBinding brupop-apiserver-auth-delegator-role-binding',
      'ClusterRoleBinding brupop-apiserver-role-binding',
      'ClusterRoleBinding brupop-controller-role-binding',
      'Service brupop-apiserver',
      'Service brupop-controller-server',
      'DaemonSet brupop-agent',
      'Deployment brupop-apiserver',
      'Deployment brupop-controller-deployment',
      'Certificate brupop-apiserver-client-certificate',
      'Certificate brupop-apiserver-certificate',
      'Certificate brupop-selfsigned-ca',
      'Issuer brupop-root-certificate-issuer',
      'Issuer selfsigned-issuer',
    ]);
  });

  test('cluster-scoped objects have no namespace, all others have the chosen one', () => {
    const policies = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
    const clusterScoped = ['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'ClusterRole', 'ClusterRoleBinding', ...policies];
    for (const { kind, metadata } of install({ namespace: 'ns' }))
      expect(metadata.namespace).toBe(clusterScoped.includes(kind) ? undefined : 'ns');
  });

  test('no object mentions the default namespace when another one is chosen', () => {
    expect(JSON.stringify(install({ namespace: 'ns' }))).not.toContain('brupop-bottlerocket-aws');
  });

  test('cert-manager injects the authority of a Certificate that is installed', () => {
    const objects = install({ certificates: 'cert-manager' });
    const annotation = find(objects, 'CustomResourceDefinition', 'bottlerocketshadows.brupop.bottlerocket.aws').metadata.annotations;
    const [namespace, name] = annotation?.['cert-manager.io/inject-ca-from']?.split('/') ?? [];
    expect(find(objects, 'Certificate', name ?? '').metadata.namespace).toBe(namespace);
  });

  test('the authority outlives the certificates that it signs', () => {
    expect(find(install({ certificates: 'cert-manager' }), 'Certificate', 'brupop-selfsigned-ca')['spec']).toMatchObject({
      isCA: true,
      duration: '87600h',
    });
  });

  test('with other certificates there are no objects of cert-manager', () => {
    expect(JSON.stringify(install({ certificates: 'provided', caBundle: 'Q0E=' }))).not.toContain('cert-manager.io');
  });

  test('with self-managed certificates the controller may write these three Secrets and this definition, and no others', () => {
    const objects = install({ certificates: 'operator' });
    const rulesOf = (kind: string): readonly PolicyRule[] =>
      find(objects, kind, 'brupop-controller-role')['rules'] as readonly PolicyRule[];
    const secrets = rulesOf('Role').filter(({ resources }) => resources.includes('secrets'));
    expect(secrets.map(({ verbs, resourceNames }) => ({ verbs, resourceNames }))).toEqual([
      {
        verbs: ['get', 'patch'],
        resourceNames: ['brupop-root-ca-secret', 'brupop-apiserver-certificate', 'brupop-apiserver-client-certificate'],
      },
      { verbs: ['create'], resourceNames: undefined },
    ]);
    expect(rulesOf('ClusterRole').filter(({ resources }) => resources.includes('secrets'))).toEqual([]);
    const definitions = rulesOf('ClusterRole').filter(({ resources }) => resources.includes('customresourcedefinitions'));
    expect(definitions.map(({ resourceNames }) => resourceNames)).toEqual([['bottlerocketshadows.brupop.bottlerocket.aws']]);
    expect(objects.filter(({ apiVersion }) => apiVersion.startsWith('cert-manager.io'))).toEqual([]);
    expect(JSON.stringify(objects)).not.toContain('inject-ca-from');
    const roles = install({ certificates: 'cert-manager' }).filter(({ kind }) => kind.endsWith('Role'));
    expect(JSON.stringify(roles)).not.toContain('"secrets"');
  });

  test('each component may have an image of its own', () => {
    const image = { agent: 'a:1', apiserver: 'b:1', controller: 'c:1' };
    for (const { component, kind, name } of WORKLOADS) expect(podOf({ image }, kind, name).container['image']).toBe(image[component]);
  });

  describe.each(WORKLOADS)('$name', ({ component, kind, name }) => {
    const label = component === 'controller' ? 'brupop-controller' : component;

    test('its selector is that of an installed Brupop 1.x, which cannot be changed, and selects its pods', () => {
      expect(find(install({ podLabels: { team: 'a' } }), kind, name)['spec']).toMatchObject({
        selector: { matchLabels: { 'brupop.bottlerocket.aws/component': label } },
        template: { metadata: { labels: { 'brupop.bottlerocket.aws/component': label, team: 'a' } } },
      });
    });

    test('it runs its own command in container brupop, with no more rights than it needs', () => {
      expect(podOf({}, kind, name).container).toMatchObject({
        name: 'brupop',
        image: 'brupop:1',
        command: [`./${component}`],
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
          seccompProfile: { type: 'RuntimeDefault' },
          ...(component === 'agent' ? { runAsUser: 0 } : { runAsNonRoot: true, runAsUser: 65532 }),
        },
      });
    });

    test('it asks for a CPU share, and has no CPU limit', () => {
      expect(podOf({}, kind, name).container['resources']).toMatchObject({
        limits: { memory: expect.any(String) },
        requests: { cpu: '10m' },
      });
      expect(podOf({}, kind, name).container['resources']).not.toHaveProperty('limits.cpu');
    });

    test('it runs on Linux, on the two architectures of the image', () => {
      const terms = JSON.stringify(podOf({}, kind, name).pod['affinity']);
      expect(terms).toContain('{"key":"kubernetes.io/os","operator":"In","values":["linux"]}');
      expect(terms).toContain('{"key":"kubernetes.io/arch","operator":"In","values":["amd64","arm64"]}');
    });

    test('its placement, image and resources may be chosen', () => {
      const placement = {
        tolerations: [{ key: 'a' }],
        nodeSelector: { b: 'c' },
        podAffinity: { d: 1 },
        podAntiAffinity: { e: 1 },
        topologySpreadConstraints: [{ maxSkew: 1 }],
        priorityClassName: 'f',
      };
      const { pod, container } = podOf(
        {
          imagePullSecrets: ['registry'],
          imagePullPolicy: 'Never',
          placement: { [component]: placement },
          resources: { [component]: { limits: { memory: '1Gi' } } },
        },
        kind,
        name,
      );
      const { podAffinity, podAntiAffinity, tolerations, ...fields } = placement;
      expect(pod['tolerations']).toEqual(component === 'agent' ? tolerations : [...SERVER_TOLERATIONS, ...tolerations]);
      expect(pod).toMatchObject({ ...fields, affinity: { podAffinity, podAntiAffinity }, imagePullSecrets: [{ name: 'registry' }] });
      expect(container).toMatchObject({ imagePullPolicy: 'Never', resources: { limits: { memory: '1Gi' } } });
    });

    test('its environment may be changed and added to', () => {
      const { container } = podOf({ env: { [component]: { LOGGING_FORMATTER: 'pretty', MORE: '1' } } }, kind, name);
      const env = new Map((container['env'] as { name: string; value?: string }[]).map((entry) => [entry.name, entry.value]));
      expect(env.get('LOGGING_FORMATTER')).toBe('pretty');
      expect(env.get('MORE')).toBe('1');
    });
  });

  test('the agent runs on labelled nodes alone, whatever their taints, and reaches the host by its socket only', () => {
    const { pod, container } = podOf({}, 'DaemonSet', 'brupop-agent');
    expect(JSON.stringify(pod['affinity'])).toContain('"bottlerocket.aws/updater-interface-version","operator":"In","values":["2.0.0"]');
    expect(pod).toMatchObject({
      enableServiceLinks: true,
      tolerations: [{ operator: 'Exists' }],
      volumes: [
        { name: 'bottlerocket-api-socket', hostPath: { path: '/run/api.sock', type: 'Socket' } },
        {
          name: 'bottlerocket-agent-service-account-token',
          projected: {
            sources: [{ serviceAccountToken: { audience: 'brupop-apiserver', path: 'bottlerocket-agent-service-account-token' } }],
          },
        },
        { name: 'bottlerocket-tls-keys', secret: { secretName: 'brupop-apiserver-client-certificate', defaultMode: 0o440 } },
      ],
    });
    expect(container).toMatchObject({
      securityContext: { seLinuxOptions: { user: 'system_u', role: 'system_r', type: 'super_t', level: 's0' } },
      volumeMounts: [{ mountPath: '/run/api.sock' }, { mountPath: '/var/run/secrets/tokens' }, { mountPath: '/etc/brupop-tls-keys' }],
    });
  });

  test.each(['brupop-apiserver', 'brupop-controller-deployment'])(
    '%s, which alone can restore cordoned nodes, may run on them, but on no node with another taint',
    (name) => {
      expect(podOf({}, 'Deployment', name).pod['tolerations']).toEqual([
        { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
      ]);
    },
  );

  test('ports of the apiserver reach Service, container, probes, CRD and agents', () => {
    const objects = install({ apiserverServicePort: 8, apiserverInternalPort: 9 });
    expect(find(objects, 'Service', 'brupop-apiserver')['spec']).toMatchObject({ ports: [{ port: 8, targetPort: 9 }] });
    expect(JSON.stringify(find(objects, 'CustomResourceDefinition', 'bottlerocketshadows.brupop.bottlerocket.aws'))).toContain('"port":8');
    const options = { apiserverServicePort: 8, apiserverInternalPort: 9 };
    expect(podOf(options, 'DaemonSet', 'brupop-agent').container['env']).toContainEqual({ name: 'APISERVER_SERVICE_PORT', value: '8' });
    expect(podOf(options, 'Deployment', 'brupop-apiserver').container).toMatchObject({
      ports: [{ containerPort: 9 }, { containerPort: 8080 }],
      startupProbe: { httpGet: { path: '/ping', port: 9, scheme: 'HTTPS' } },
      livenessProbe: { httpGet: { path: '/ping', port: 9, scheme: 'HTTPS' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 9, scheme: 'HTTPS' } },
    });
  });

  test("the apiserver's private key is readable by its own process alone", () => {
    expect(podOf({}, 'Deployment', 'brupop-apiserver').pod).toMatchObject({
      securityContext: { fsGroup: 65532 },
      volumes: [{ secret: { secretName: 'brupop-apiserver-certificate', defaultMode: 0o440 } }],
    });
  });

  test.each(WORKLOADS.filter(({ component }) => component !== 'agent'))(
    '$name may take two minutes to start, and then is asked all along',
    ({ kind, name }) => {
      const { container } = podOf({}, kind, name);
      const { failureThreshold, periodSeconds } = container['startupProbe'] as { failureThreshold: number; periodSeconds: number };
      expect(failureThreshold * periodSeconds).toBe(120);
      expect(container['livenessProbe']).not.toHaveProperty('initialDelaySeconds');
    },
  );

  test('the controller serves its health on its metrics port', () => {
    expect(podOf({}, 'Deployment', 'brupop-controller-deployment').container).toMatchObject({
      ports: [{ containerPort: 8080 }],
      startupProbe: { httpGet: { path: '/healthz', port: 8080 } },
      livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
      readinessProbe: { httpGet: { path: '/readyz', port: 8080 } },
    });
  });

  test('the definition has bounds instead of formats unknown to Kubernetes, so it is applied without a warning', () => {
    const known = ['date-time', 'int64'];
    const formats = [...JSON.stringify(install({})).matchAll(/"format":"([^"]*)"/g)].map(([, format = '']) => format);
    expect(formats.filter((format) => !known.includes(format))).toEqual([]);
    expect(JSON.stringify(install({}))).toMatch(/"crash_count":\{[^}]*"minimum":0[^}]*"maximum":4294967295/);
  });

  test('ports, probes, Service, policies and annotations follow METRICS_PORT', () => {
    const moved = install({ env: { controller: { METRICS_PORT: '9090' }, apiserver: { METRICS_PORT: '9091' } } });
    const rendered = JSON.stringify(moved);
    expect([rendered.match(/8080/g), rendered.match(/9090/g)?.length, rendered.match(/9091/g)?.length]).toEqual([null, 8, 4]);
    expect(JSON.stringify(install({ env: { controller: { METRICS_PORT: 'x' } } }))).toContain('"containerPort":8080');
  });

  test('the apiserver runs three times, and a drain takes one replica at a time', () => {
    expect(find(install(), 'Deployment', 'brupop-apiserver')['spec']).toMatchObject({
      replicas: 3,
      strategy: { rollingUpdate: { maxUnavailable: '33%' } },
    });
    expect(find(install(), 'PodDisruptionBudget', 'brupop-apiserver')['spec']).toMatchObject({ maxUnavailable: 1 });
  });

  test('replicas of the apiserver spread over zones and nodes, where there are several', () => {
    expect(podOf({}, 'Deployment', 'brupop-apiserver').pod).toMatchObject({
      topologySpreadConstraints: [
        {
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { 'brupop.bottlerocket.aws/component': 'apiserver' } },
        },
      ],
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }] } },
    });
  });

  test('each metrics endpoint is scraped once', () => {
    const annotated = JSON.stringify(install()).match(/"prometheus\.io\/scrape":"true"/g);
    expect(annotated).toHaveLength(2);
    expect(find(install(), 'Service', 'brupop-controller-server').metadata.annotations).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '8080',
    });
  });

  test('other annotations may ask for the scrape', () => {
    const options = {
      podAnnotations: { controller: { 'ad.example/checks': 'brupop' }, apiserver: {} },
      serviceAnnotations: { controller: {}, apiserver: { owner: 'fleet' } },
    };
    const objects = installObjects({ image: 'brupop', ...options });
    expect(JSON.stringify(objects)).not.toContain('prometheus.io');
    expect(find(objects, 'Service', 'brupop-controller-server').metadata.annotations).toEqual({});
    expect(find(objects, 'Service', 'brupop-apiserver').metadata.annotations).toEqual({ owner: 'fleet' });
    expect(find(objects, 'Deployment', 'brupop-controller-deployment')).toMatchObject({
      spec: { template: { metadata: { annotations: { 'ad.example/checks': 'brupop' } } } },
    });
  });

  test('by default updates may start at any time, with a cron expression and with a window', () => {
    expect(podOf({}, 'Deployment', 'brupop-controller-deployment').container['env']).toEqual(
      expect.arrayContaining([
        { name: 'SCHEDULER_CRON_EXPRESSION', value: '* * * * * * *' },
        { name: 'UPDATE_WINDOW_START', value: '0:0:0' },
        { name: 'UPDATE_WINDOW_STOP', value: '0:0:0' },
      ]),
    );
  });

  test('a value is set once only', () => {
    const { container } = podOf({ env: { controller: { MAX_CONCURRENT_UPDATE: '3' } } }, 'Deployment', 'brupop-controller-deployment');
    const entries = (container['env'] as { name: string; value?: string }[]).filter(({ name }) => name === 'MAX_CONCURRENT_UPDATE');
    expect(entries).toEqual([{ name: 'MAX_CONCURRENT_UPDATE', value: '3' }]);
  });

  test('a setting with which agents fail at start stops their rollout at a tenth of the nodes', () => {
    const { spec } = find(install(), 'DaemonSet', 'brupop-agent') as unknown as {
      spec: { template: { spec: { containers: { readinessProbe: object }[] } } };
    };
    expect(spec).toMatchObject({ minReadySeconds: 10, updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } } });
    expect(spec.template.spec.containers[0]?.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 8081 } });
  });
});
