import { GROUP, KIND, STORAGE_VERSION } from './names.ts';
import { fields, listOf, text, withoutLimits, type JsonSchema } from './schema.ts';
import { SHADOW_V2_SCHEMA, STATUS_SCHEMA, V2_DATA_SCHEMA } from './shadow-schemas.ts';

const STRINGS: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };

const OWNER_REFERENCE: JsonSchema = fields(
  {
    apiVersion: text('Group and version of the owner.'),
    kind: text('Kind of the owner.'),
    name: text('Name of the owner.'),
    uid: text('UID of the owner.'),
  },
  { controller: { type: 'boolean' }, blockOwnerDeletion: { type: 'boolean' } },
);

/** The part of `metav1.ObjectMeta` that is read. */
export const METADATA: JsonSchema = fields(
  { name: text('Name.') },
  {
    namespace: text('Namespace.'),
    uid: text('UID.'),
    resourceVersion: text('Opaque version of the object.'),
    generation: { type: 'integer' },
    creationTimestamp: text('RFC 3339.'),
    deletionTimestamp: text('RFC 3339.'),
    labels: STRINGS,
    annotations: STRINGS,
    finalizers: listOf({ type: 'string' }),
    ownerReferences: listOf(OWNER_REFERENCE),
  },
);

/** A whole v2 object, of any size: what the schema in the CRD leaves to kube-apiserver is spelt out. */
export const SHADOW_OBJECT_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { type: 'string', enum: [`${GROUP}/${STORAGE_VERSION}`] },
    kind: { type: 'string', enum: [KIND] },
    metadata: METADATA,
    ...withoutLimits(SHADOW_V2_SCHEMA).properties,
  },
};

/** `apiextensions.k8s.io/v1` ConversionReview, the request; its objects are judged one by one when they are converted. */
export const CONVERSION_REVIEW_SCHEMA: JsonSchema = fields({
  apiVersion: text('Group and version of the review.'),
  kind: { type: 'string', enum: ['ConversionReview'] },
  request: fields({
    uid: text('Ties the answer to the request.'),
    desiredAPIVersion: text('Group and version to convert to.'),
    // A check of the items would collect an error for each of millions of bad ones.
    objects: { type: 'array' },
  }),
});

/** The schemas that validators are generated from, by the name of the validator. */
export const VALIDATED: Readonly<Record<string, JsonSchema>> = {
  validateShadow: SHADOW_OBJECT_SCHEMA,
  validateShadowStatus: STATUS_SCHEMA,
  validateStoredStatus: withoutLimits(STATUS_SCHEMA),
  validateV2Data: V2_DATA_SCHEMA,
  validateConversionReview: CONVERSION_REVIEW_SCHEMA,
};
