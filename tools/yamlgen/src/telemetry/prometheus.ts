import { APISERVER_COMPONENT, COMPONENT_LABEL, CONTROLLER_SERVICE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { KubernetesObject } from '@brupop/manifests';
import { yamlOf } from '../yaml.ts';
import { RULES } from './rules.ts';

const IMAGE = 'docker.io/prom/prometheus:v3.13.5';
const NAME = 'prometheus-deployment';
const NOBODY_UID = 65_534;
const LABELS = { app: 'prometheus' };
const RBAC = 'rbac.authorization.k8s.io';
// Prometheus replaces every character of a label name that a metric's may not contain.
const COMPONENT = `__meta_kubernetes_pod_label_${COMPONENT_LABEL.replace(/[^a-zA-Z0-9]/g, '_')}`;

/** A Prometheus that scrapes the operator, to try it out: its configuration matters, and its storage is small. */
export function prometheusObjects(namespace: string = DEFAULT_NAMESPACE): readonly KubernetesObject[] {
  const named = (name: string): KubernetesObject['metadata'] => ({ name, namespace });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('prometheus-service-account') },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: named('prometheus-role'),
      rules: [
        { apiGroups: [''], resources: ['services', 'pods'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: named('prometheus-role-binding'),
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'prometheus-role' },
      subjects: [{ kind: 'ServiceAccount', name: 'prometheus-service-account', namespace }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: named('prometheus-config'),
      data: { 'prometheus.yml': yamlOf(prometheusConfig(namespace)), 'brupop-rules.yml': yamlOf(RULES) },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: named('prometheus-pvc'),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
    },
    deployment(named(NAME)),
  ];
}

/** The configuration: one job for the controller's Service, one for the replicas of the apiserver. */
export function prometheusConfig(namespace: string): object {
  const discovery = (role: string): object => ({ role, namespaces: { names: [namespace] } });
  const keep = (source: string, regex: string): object => ({ source_labels: [source], regex, action: 'keep' });
  const copy = (source: string, target: string): object => ({ source_labels: [source], target_label: target });
  return {
    global: { scrape_interval: '30s', evaluation_interval: '30s' },
    rule_files: ['/etc/prometheus/brupop-rules.yml'],
    scrape_configs: [
      {
        job_name: 'brupop-controller',
        kubernetes_sd_configs: [discovery('endpointslice')],
        relabel_configs: [
          keep('__meta_kubernetes_service_name', CONTROLLER_SERVICE),
          keep('__meta_kubernetes_endpointslice_port_name', 'main'),
          copy('__meta_kubernetes_pod_name', 'pod'),
        ],
      },
      {
        job_name: 'brupop-apiserver',
        kubernetes_sd_configs: [discovery('pod')],
        relabel_configs: [
          keep(COMPONENT, APISERVER_COMPONENT),
          keep('__meta_kubernetes_pod_container_port_name', 'metrics'),
          copy('__meta_kubernetes_pod_name', 'pod'),
        ],
      },
    ],
  };
}

function deployment(metadata: KubernetesObject['metadata']): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: LABELS },
      // Two replicas cannot write to one volume.
      strategy: { type: 'Recreate' },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: 'prometheus-service-account',
          securityContext: {
            runAsNonRoot: true,
            runAsUser: NOBODY_UID,
            runAsGroup: NOBODY_UID,
            fsGroup: NOBODY_UID,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'prometheus',
              image: IMAGE,
              ports: [{ name: 'http', containerPort: 9090 }],
              readinessProbe: { httpGet: { path: '/-/ready', port: 'http' } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
              volumeMounts: [
                { name: 'data', mountPath: '/prometheus' },
                { name: 'config', mountPath: '/etc/prometheus', readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: 'config', configMap: { name: 'prometheus-config' } },
            { name: 'data', persistentVolumeClaim: { claimName: 'prometheus-pvc' } },
          ],
        },
      },
    },
  };
}
