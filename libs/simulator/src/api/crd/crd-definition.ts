import type { ResourceType } from '../storage/resources.ts';
import { storageName } from '../storage/resources.ts';
import { isRecord, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

/** A printer column of a version. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
  readonly format: string;
  readonly priority: number;
}

/** One version of a custom resource. */
export interface CustomVersion {
  readonly name: string;
  readonly served: boolean;
  /** `openAPIV3Schema`. */
  readonly schema: Json;
  readonly columns: readonly PrinterColumn[];
}

/** The Service behind a webhook. */
export interface WebhookService {
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly port: number;
  /** PEM certificates that the API trusts for it; empty means the system's certificates. */
  readonly caPem: string;
}

/** A custom resource as its definition describes it. */
export interface CustomResource {
  /** One per served version. */
  readonly types: readonly ResourceType[];
  /** The version in which objects are stored, whether served or not. */
  readonly storedType: ResourceType;
  readonly versions: ReadonlyMap<string, CustomVersion>;
  /** Absent for strategy `None`. */
  readonly conversion: { readonly service: WebhookService | undefined; readonly reviewVersions: readonly string[] } | undefined;
}

const text = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

const column = (raw: Json): PrinterColumn => ({
  name: text(raw['name']),
  type: text(raw['type'], 'string'),
  jsonPath: text(raw['jsonPath']),
  description: text(raw['description']),
  format: text(raw['format']),
  priority: typeof raw['priority'] === 'number' ? raw['priority'] : 0,
});

function conversionOf(definition: KubeObject): CustomResource['conversion'] {
  if (valueAt(definition, 'spec.conversion.strategy') !== 'Webhook') return undefined;
  const service = valueAt(definition, 'spec.conversion.webhook.clientConfig.service');
  const bundle = text(valueAt(definition, 'spec.conversion.webhook.clientConfig.caBundle'));
  return {
    reviewVersions: texts(valueAt(definition, 'spec.conversion.webhook.conversionReviewVersions')),
    service: isRecord(service)
      ? {
          namespace: text(service['namespace']),
          name: text(service['name']),
          path: text(service['path']),
          port: typeof service['port'] === 'number' ? service['port'] : 443,
          caPem: Buffer.from(bundle, 'base64').toString('utf8'),
        }
      : undefined,
  };
}

/** Reads a CustomResourceDefinition that has been validated. */
export function parseDefinition(definition: KubeObject): CustomResource {
  const group = text(valueAt(definition, 'spec.group'));
  const names = valueAt(definition, 'spec.names');
  const named = isRecord(names) ? names : {};
  const resource = text(named['plural']);
  const kind = text(named['kind']);
  const raw = records(valueAt(definition, 'spec.versions'));
  const storageVersion = text(raw.find((version) => version['storage'] === true)?.['name']);
  const typeOf = (version: Json): ResourceType => ({
    group,
    version: text(version['name']),
    resource,
    singular: text(named['singular'], kind.toLowerCase()),
    kind,
    listKind: text(named['listKind'], `${kind}List`),
    shortNames: texts(named['shortNames']),
    categories: texts(named['categories']),
    namespaced: valueAt(definition, 'spec.scope') !== 'Cluster',
    storage: storageName(group, resource),
    storageVersion,
    hasStatus: isRecord(valueAt(version, 'subresources.status')),
    keepsStatusOnCreate: false,
    hasScale: false,
    hasGeneration: true,
    unconditionalUpdate: false,
    createOnUpdate: false,
    custom: true,
    selectable: records(version['selectableFields']).map((field) => text(field['jsonPath']).replace(/^\./, '')),
  });
  const versions = new Map(
    raw.map((version): [string, CustomVersion] => {
      const schema = valueAt(version, 'schema.openAPIV3Schema');
      return [
        text(version['name']),
        {
          name: text(version['name']),
          served: version['served'] === true,
          schema: isRecord(schema) ? schema : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          columns: records(version['additionalPrinterColumns']).map(column),
        },
      ];
    }),
  );
  const stored = raw.find((version) => version['storage'] === true) ?? {};
  return {
    types: raw.filter((version) => version['served'] === true).map(typeOf),
    storedType: typeOf(stored),
    versions,
    conversion: conversionOf(definition),
  };
}
