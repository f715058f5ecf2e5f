// The baseline of the controller: two informers of the client library, whose objects are not used.
import { createServer } from 'node:http';
import { CoreV1Api, CustomObjectsApi, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { DEFAULT_NAMESPACE, GROUP, PLURAL } from '@brupop/crd-models';

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const custom = config.makeApiClient(CustomObjectsApi);
const shadows = { group: GROUP, version: 'v2', namespace: DEFAULT_NAMESPACE, plural: PLURAL };
const informers = [
  makeInformer(config, '/api/v1/nodes', () => core.listNode()),
  makeInformer(
    config,
    `/apis/${GROUP}/v2/namespaces/${DEFAULT_NAMESPACE}/${PLURAL}`,
    () => custom.listNamespacedCustomObject(shadows) as Promise<KubernetesListObject<KubernetesObject>>,
  ),
];
for (const informer of informers) await informer.start();
createServer((_request, response) => response.end('ok')).listen(Number(process.env['METRICS_PORT']), '127.0.0.1');
