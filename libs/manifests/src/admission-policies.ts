import {
  APISERVER_CERTIFICATE,
  CLIENT_CERTIFICATE,
  CONTROLLER_LEASE,
  CORDONED_TAINT,
  EXCLUDE_FROM_LB_LABEL,
  GROUP,
  PLURAL,
  ROOT_CA_SECRET,
} from '@brupop/crd-models';
import { componentLabels, type Component, type KubernetesObject } from './objects.ts';

import { SERVICE_ACCOUNTS } from './rbac.ts';

interface Policy {
  readonly name: string;
  readonly component: Component;
  readonly rules: readonly { readonly apiGroup: string; readonly resources: readonly string[]; readonly operations: readonly string[] }[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

/** A map of the object, of both versions of it. */
const before = (path: string): string => `oldObject.${path}.orValue({})`;
const after = (path: string): string => `object.${path}.orValue({})`;
/** Whether nothing but the keys of which `own` is true was added, changed or removed. */
const unchangedBut = (path: string, own: string): string =>
  `${after(path)}.all(k, ${own} || (k in ${before(path)} && ${before(path)}[k] == ${after(path)}[k])) && ` +
  `${before(path)}.all(k, ${own} || k in ${after(path)})`;
const unchanged = (path: string, none: string): string => `object.${path}.orValue(${none}) == oldObject.${path}.orValue(${none})`;
/** Taints as text, without the operator's own. */
const foreignTaints = (object: string): string =>
  `${object}.?spec.?taints.orValue([]).filter(t, t.key != '${CORDONED_TAINT}').map(t, t.key + '=' + t.?value.orValue('') + ':' + t.effect)`;

const SECRETS = [ROOT_CA_SECRET, APISERVER_CERTIFICATE, CLIENT_CERTIFICATE];

const POLICIES: readonly Policy[] = [
  {
    name: 'brupop-apiserver-nodes',
    component: 'apiserver',
    rules: [{ apiGroup: '', resources: ['nodes'], operations: ['UPDATE'] }],
    validations: [
      {
        expression: unchangedBut('metadata.?labels', `k == '${EXCLUDE_FROM_LB_LABEL}'`),
        message: `The apiserver of Brupop may change no label of a Node but ${EXCLUDE_FROM_LB_LABEL}`,
      },
      {
        expression: unchangedBut('metadata.?annotations', `k.startsWith('${GROUP}/')`),
        message: `The apiserver of Brupop may change no annotation of a Node but those of ${GROUP}`,
      },
      {
        expression: [
          unchanged('metadata.?finalizers', '[]'),
          `object.metadata.?ownerReferences.orValue([]).map(o, o.uid) == oldObject.metadata.?ownerReferences.orValue([]).map(o, o.uid)`,
        ].join(' && '),
        message: 'The apiserver of Brupop may not change finalizers and owners of a Node',
      },
      {
        expression:
          `${foreignTaints('object')} == ${foreignTaints('oldObject')} && ` +
          `object.?spec.?taints.orValue([]).all(t, t.key != '${CORDONED_TAINT}' || t.effect == 'PreferNoSchedule')`,
        message: `The apiserver of Brupop may change no taint of a Node but ${CORDONED_TAINT}:PreferNoSchedule`,
      },
      {
        expression: [unchanged('?spec.?providerID', "''"), unchanged('?spec.?podCIDR', "''"), unchanged('?spec.?podCIDRs', '[]')].join(
          ' && ',
        ),
        message: 'The apiserver of Brupop may change nothing in the spec of a Node but unschedulable and its taint',
      },
    ],
  },
  {
    name: 'brupop-apiserver-shadows',
    component: 'apiserver',
    rules: [{ apiGroup: GROUP, resources: [PLURAL], operations: ['CREATE', 'UPDATE'] }],
    validations: [
      {
        expression:
          `request.operation == 'CREATE' ? object.spec.state == 'Idle' && object.spec.?version.orValue(null) == null : ` +
          `object.spec == oldObject.spec`,
        message: 'The apiserver of Brupop may not change the spec of a shadow',
      },
      {
        expression:
          `request.operation == 'CREATE' || (${unchanged('metadata.?labels', '{}')} && ` +
          `${unchanged('metadata.?annotations', '{}')} && ${unchanged('metadata.?finalizers', '[]')})`,
        message: 'The apiserver of Brupop may change nothing in the metadata of a shadow but its owners',
      },
    ],
  },
  {
    name: 'brupop-controller-creates',
    component: 'controller',
    rules: [
      { apiGroup: '', resources: ['secrets'], operations: ['CREATE'] },
      { apiGroup: 'coordination.k8s.io', resources: ['leases'], operations: ['CREATE'] },
    ],
    validations: [
      {
        expression: `request.resource.resource != 'secrets' || object.metadata.name in [${SECRETS.map((name) => `'${name}'`).join(', ')}]`,
        message: `The controller of Brupop may create no Secret but ${SECRETS.join(', ')}`,
      },
      {
        expression: `request.resource.resource != 'leases' || object.metadata.name == '${CONTROLLER_LEASE}'`,
        message: `The controller of Brupop may create no Lease but ${CONTROLLER_LEASE}`,
      },
    ],
  },
];

const API_VERSION = 'admissionregistration.k8s.io/v1';

/**
 * What RBAC cannot say: which fields and which names the operator's own accounts may write. Requests of other accounts are not checked.
 * They need Kubernetes 1.30.
 */
export function admissionPolicies(namespace: string): readonly KubernetesObject[] {
  return POLICIES.flatMap(({ name, component, rules, validations }): readonly KubernetesObject[] => {
    const metadata = { name, labels: componentLabels(component) };
    const account = `system:serviceaccount:${namespace}:${SERVICE_ACCOUNTS[component]}`;
    return [
      {
        apiVersion: API_VERSION,
        kind: 'ValidatingAdmissionPolicy',
        metadata,
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: rules.map(({ apiGroup, resources, operations }) => ({
              apiGroups: [apiGroup],
              apiVersions: ['*'],
              operations,
              resources,
            })),
          },
          matchConditions: [{ name: 'account', expression: `request.userInfo.username == '${account}'` }],
          validations: validations.map((validation) => ({ ...validation, reason: 'Forbidden' })),
        },
      },
      {
        apiVersion: API_VERSION,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata,
        spec: { policyName: name, validationActions: ['Deny'] },
      },
    ];
  });
}
