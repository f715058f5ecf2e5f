import type { KubeObject } from '@brupop/kube-objects';
import { inProcessClient, jsonResponse } from '@brupop/ports';
import type { Clock, HttpRequest, HttpResponse } from '@brupop/ports';
import { createKubeClient } from '../client.ts';
import type { KubeClient } from '../client.ts';

interface Stored extends KubeObject {
  readonly [field: string]: unknown;
}

/** For tests: an API server with objects of any kind, optimistic locking, and faults. */
export class ObjectApi {
  readonly objects: Map<string, Stored> = new Map<string, Stored>();
  /** Asked before each request; what it returns is the answer. */
  fault: (request: HttpRequest) => Promise<HttpResponse> | undefined = () => undefined;
  #version = 0;

  client(clock: Clock): KubeClient {
    return createKubeClient({ http: inProcessClient((request) => this.fault(request) ?? Promise.resolve(this.#answer(request))), clock });
  }

  #answer({ method, path, body }: HttpRequest): HttpResponse {
    const sent = (body === undefined ? {} : JSON.parse(body)) as Stored;
    const known = this.objects.get(path);
    switch (method) {
      case 'POST': {
        const own = `${path}/${sent.metadata.name}`;
        return this.objects.has(own) ? status(409, 'AlreadyExists') : this.#store(own, sent, 201);
      }
      case 'PUT':
        if (known === undefined) return status(404, 'NotFound');
        return sent.metadata.resourceVersion === known.metadata.resourceVersion ? this.#store(path, sent, 200) : status(409, 'Conflict');
      case 'PATCH':
        return known === undefined ? status(404, 'NotFound') : this.#store(path, { ...known, ...sent }, 200);
      default:
        return known === undefined ? status(404, 'NotFound') : jsonResponse(200, known);
    }
  }

  #store(path: string, object: Stored, code: number): HttpResponse {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.objects.set(path, stored);
    return jsonResponse(code, stored);
  }
}

function status(code: number, reason: string): HttpResponse {
  return jsonResponse(code, { kind: 'Status', code, reason, message: reason });
}
