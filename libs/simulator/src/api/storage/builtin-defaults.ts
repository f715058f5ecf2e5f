import { timestamp } from './core.ts';
import type { Core } from './core.ts';
import type { ResourceType } from './resources.ts';
import { isRecord, omit } from '../types.ts';
import type { Json } from '../types.ts';

const record = (value: unknown): Json => (isRecord(value) ? value : {});

// Only the defaults that something in this repository reads.
const POD_SPEC = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  serviceAccountName: 'default',
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
};

const withTemplate = (spec: Json): Json => {
  const template = record(spec['template']);
  return { ...spec, template: { ...template, spec: { ...omit(POD_SPEC, 'serviceAccountName'), ...record(template['spec']) } } };
};

type Defaulter = (object: Json, core: Core) => Json;

const DEFAULTERS: Readonly<Record<string, Defaulter>> = {
  pods: (object) => ({
    ...object,
    spec: { ...POD_SPEC, ...record(object['spec']) },
    status: { phase: 'Pending', qosClass: 'BestEffort', ...record(object['status']) },
  }),
  namespaces: (object) => ({
    ...object,
    spec: { finalizers: ['kubernetes'], ...record(object['spec']) },
    status: { phase: 'Active', ...record(object['status']) },
  }),
  nodes: (object) => ({ ...object, spec: record(object['spec']), status: record(object['status']) }),
  services: (object) => ({
    ...object,
    spec: { type: 'ClusterIP', sessionAffinity: 'None', ...record(object['spec']) },
    status: { loadBalancer: {}, ...record(object['status']) },
  }),
  'deployments.apps': (object) => ({
    ...object,
    spec: withTemplate({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, ...record(object['spec']) }),
    status: record(object['status']),
  }),
  'replicasets.apps': (object) => ({
    ...object,
    spec: withTemplate({ replicas: 1, ...record(object['spec']) }),
    status: { replicas: 0, ...record(object['status']) },
  }),
  'statefulsets.apps': (object) => ({
    ...object,
    spec: withTemplate({ replicas: 1, podManagementPolicy: 'OrderedReady', ...record(object['spec']) }),
    status: { replicas: 0, ...record(object['status']) },
  }),
  'daemonsets.apps': (object) => ({
    ...object,
    spec: withTemplate({ revisionHistoryLimit: 10, ...record(object['spec']) }),
    status: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0, ...record(object['status']) },
  }),
  'customresourcedefinitions.apiextensions.k8s.io': (object, core) => {
    const spec = record(object['spec']);
    const names = record(spec['names']);
    const kind = typeof names['kind'] === 'string' ? names['kind'] : '';
    const acceptedNames = { singular: kind.toLowerCase(), listKind: `${kind}List`, ...names };
    const versions: unknown[] = Array.isArray(spec['versions']) ? spec['versions'] : [];
    const stored = versions.filter((version) => isRecord(version) && version['storage'] === true).map((version) => record(version)['name']);
    const before = record(object['status']);
    const storedVersions = new Set([
      ...(Array.isArray(before['storedVersions']) ? (before['storedVersions'] as unknown[]) : []),
      ...stored,
    ]);
    const condition = { status: 'True', lastTransitionTime: timestamp(core.clock) };
    return {
      ...object,
      spec: { conversion: { strategy: 'None' }, ...spec, names: acceptedNames },
      status: {
        conditions: [
          { type: 'NamesAccepted', reason: 'NoConflicts', message: 'no conflicts found', ...condition },
          { type: 'Established', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted', ...condition },
        ],
        ...before,
        acceptedNames,
        storedVersions: [...storedVersions],
      },
    };
  },
};

/** Fills in the fields that the API server adds to built-in objects. */
export const withDefaults = (core: Core, type: ResourceType, object: Json): Json => DEFAULTERS[type.storage]?.(object, core) ?? object;
