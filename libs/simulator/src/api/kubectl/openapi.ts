import type { HttpResponse } from '@brupop/ports';
import { jsonResponse, textResponse } from '@brupop/ports';
import { apiVersionOf } from '../storage/resources.ts';
import type { ResourceType } from '../storage/resources.ts';
import { unknownPath } from '../http/status.ts';
import type { Json } from '../types.ts';

// kubectl looks for one thing here: whether PATCH accepts `fieldValidation`, so that it leaves validation to the server.
const PARAMETERS = [{ name: 'fieldValidation', in: 'query', schema: { type: 'string', uniqueItems: true } }];

const pathOf = (type: ResourceType): string =>
  `/${type.group === '' ? 'api' : 'apis'}/${apiVersionOf(type)}/${type.namespaced ? 'namespaces/{namespace}/' : ''}${type.resource}/{name}`;

function pathsOf(types: readonly ResourceType[]): Json {
  return Object.fromEntries(
    types.map((type) => {
      const kind = { group: type.group, version: type.version, kind: type.kind };
      const operation = { parameters: PARAMETERS, responses: {}, 'x-kubernetes-group-version-kind': kind };
      return [pathOf(type), { patch: { ...operation, 'x-kubernetes-action': 'patch' } }];
    }),
  );
}

const schemasOf = (types: readonly ResourceType[]): Json =>
  Object.fromEntries(
    types.map(({ group, version, kind }) => [
      `simulator.${group === '' ? 'core' : group}.${version}.${kind}`,
      { type: 'object', 'x-kubernetes-group-version-kind': [{ group, version, kind }], 'x-kubernetes-preserve-unknown-fields': true },
    ]),
  );

const groupPath = (type: ResourceType): string => `${type.group === '' ? 'api' : 'apis'}/${apiVersionOf(type)}`;

const info = { title: 'Kubernetes', version: 'simulator' };

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
// An openapi.v2.Document with only `swagger: "2.0"` (field 1): kubectl considers every kind that it does not find to be valid.
const EMPTY_DOCUMENT = '\n\u00032.0';

/** @param accept kubectl accepts only protobuf */
export const openApiV2 = (types: readonly ResourceType[], accept: string): HttpResponse =>
  accept.includes('protobuf')
    ? textResponse(200, EMPTY_DOCUMENT, { 'content-type': PROTOBUF })
    : jsonResponse(200, { swagger: '2.0', info, paths: pathsOf(types), definitions: schemasOf(types) });

export function openApiV3Root(types: readonly ResourceType[]): HttpResponse {
  const paths = [...new Set(types.map(groupPath))];
  return jsonResponse(200, { paths: Object.fromEntries(paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) });
}

/** @throws StatusError 404 */
export function openApiV3(types: readonly ResourceType[], path: string): HttpResponse {
  const members = types.filter((type) => groupPath(type) === path);
  if (members.length === 0) throw unknownPath();
  return jsonResponse(200, { openapi: '3.0.0', info, paths: pathsOf(members), components: { schemas: schemasOf(members) } });
}
