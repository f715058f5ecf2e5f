import { APISERVER_SERVICE, GROUP, KIND, PLURAL, SHORT_NAME, SINGULAR } from './names.ts';
import type { JsonSchema } from './schema.ts';
import { SHADOW_V1_SCHEMA, SHADOW_V2_SCHEMA } from './shadow-schemas.ts';

/** A column of `kubectl get brs`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'date' | 'integer' | 'string';
  readonly jsonPath: string;
  /** Above 0: shown by `kubectl get -o wide` alone. */
  readonly priority?: number;
}

/** One version of the resource. */
export interface CrdVersion {
  readonly name: 'v1' | 'v2';
  readonly served: boolean;
  readonly storage: boolean;
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly schema: { readonly openAPIV3Schema: JsonSchema };
  readonly subresources: { readonly status: Readonly<Record<string, never>> };
}

/** The part of `apiextensions.k8s.io/v1` CustomResourceDefinition that we use. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly scope: 'Namespaced';
    readonly versions: readonly CrdVersion[];
    readonly conversion: {
      readonly strategy: 'Webhook';
      readonly webhook: {
        readonly clientConfig: {
          readonly service: { readonly name: string; readonly namespace: string; readonly path: string; readonly port: number };
          readonly caBundle?: string;
          /** Whether cert-manager is asked to put the authority in; by default it is when there is no `caBundle`. */
          readonly injected?: boolean;
        };
        readonly conversionReviewVersions: readonly string[];
      };
    };
  };
}

/** Where kube-apiserver finds the conversion webhook. */
export interface CrdOptions {
  /** The operator's namespace. */
  readonly namespace: string;
  /** Port of the apiserver's Service. */
  readonly servicePort: number;
  /** Certificate authority of the apiserver, as base64 of PEM. */
  readonly caBundle?: string;
  /** Whether cert-manager is asked to put the authority in; by default it is when there is no `caBundle`. */
  readonly injected?: boolean;
}

/** Secret and Certificate that the apiserver serves with; cert-manager injects its authority into the CRD. */
export const APISERVER_CERTIFICATE = 'brupop-apiserver-certificate';

const COLUMNS: readonly PrinterColumn[] = [
  { name: 'State', type: 'string', jsonPath: '.status.current_state' },
  { name: 'Version', type: 'string', jsonPath: '.status.current_version' },
  { name: 'Target State', type: 'string', jsonPath: '.spec.state' },
  { name: 'Target Version', type: 'string', jsonPath: '.spec.version' },
];
const CRASH_COUNT: PrinterColumn = { name: 'Crash Count', type: 'integer', jsonPath: '.status.crash_count' };
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const UPDATING = '.status.conditions[?(@.type=="Updating")]';
/** Why a node is not updated yet, for `kubectl get brs -o wide`. v1 knows nothing of it. */
const WIDE: readonly PrinterColumn[] = [
  { name: 'Available Version', type: 'string', jsonPath: '.status.target_version', priority: 1 },
  { name: 'Reason', type: 'string', jsonPath: `${UPDATING}.reason`, priority: 1 },
  { name: 'Since', type: 'date', jsonPath: `${UPDATING}.lastTransitionTime`, priority: 1 },
  { name: 'Checked', type: 'date', jsonPath: '.status.update_check.checked_at', priority: 1 },
];

/** The CustomResourceDefinition `bottlerocketshadows.brupop.bottlerocket.aws`. */
export function bottlerocketShadowCrd({
  namespace,
  servicePort,
  caBundle,
  injected = caBundle === undefined,
}: CrdOptions): CustomResourceDefinition {
  const version = (name: 'v1' | 'v2', columns: readonly PrinterColumn[], openAPIV3Schema: JsonSchema): CrdVersion => ({
    name,
    served: true,
    storage: name === 'v2',
    additionalPrinterColumns: columns,
    schema: { openAPIV3Schema },
    subresources: { status: {} },
  });
  const injection = { annotations: { 'cert-manager.io/inject-ca-from': `${namespace}/${APISERVER_CERTIFICATE}` } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}`, ...(injected ? injection : {}) },
    spec: {
      group: GROUP,
      names: { kind: KIND, plural: PLURAL, singular: SINGULAR, shortNames: [SHORT_NAME], categories: [] },
      scope: 'Namespaced',
      versions: [
        version('v2', [...COLUMNS, CRASH_COUNT, AGE, ...WIDE], SHADOW_V2_SCHEMA),
        version('v1', [...COLUMNS, AGE], SHADOW_V1_SCHEMA),
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          clientConfig: {
            service: { name: APISERVER_SERVICE, namespace, path: '/crdconvert', port: servicePort },
            ...(caBundle === undefined ? {} : { caBundle }),
          },
          conversionReviewVersions: ['v2', 'v1'],
        },
      },
    },
  };
}
