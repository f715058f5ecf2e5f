import { jsonResponse, textResponse } from '@brupop/ports';
import type { HttpHandler, HttpResponse } from '@brupop/ports';

/**
 * The apiserver of Brupop 1.x, as it answers our agents: it insists on three headers, knows neither GET nor steps, and answers every
 * failure with 500 and plain text. All names are literals, so that a renamed one is noticed.
 */
export class LegacyApiserver {
  /** Every status that was written, with the fields that it supports. */
  readonly written: unknown[] = [];
  /** `METHOD /path` of every request that it carried out. */
  readonly obeyed: string[] = [];

  readonly handle: HttpHandler = (request) => Promise.resolve(this.#answer(request));

  #answer({ method, path, headers = {}, body }: Parameters<HttpHandler>[0]): HttpResponse {
    for (const header of ['BrupopNodeName', 'BrupopNodeUid', 'BrupopK8sAuthToken']) {
      if (headers[header.toLowerCase()] === undefined) return textResponse(500, `Unable to parse HTTP header. Missing '${header}'`);
    }
    const route = `${method} ${path}`;
    switch (route) {
      case 'POST /bottlerocket-node-resource':
        // It does not check whether the shadow exists.
        return textResponse(500, "Error creating BottlerocketShadow: 'Unable to create BottlerocketShadow (node-a, u): AlreadyExists'");
      case 'PUT /bottlerocket-node-resource': {
        const { current_version, target_version, current_state, crash_count, state_transition_failure_timestamp } = JSON.parse(
          body ?? '',
        ) as Record<string, unknown>;
        const status = { current_version, target_version, current_state, crash_count, state_transition_failure_timestamp };
        this.written.push(status);
        return jsonResponse(200, status);
      }
      case 'POST /bottlerocket-node-resource/cordon-and-drain':
      case 'POST /bottlerocket-node-resource/uncordon':
      case 'POST /bottlerocket-node-resource/exclude-from-lb':
      case 'POST /bottlerocket-node-resource/remove-exclusion-from-lb':
        this.obeyed.push(route);
        return textResponse(200, '');
      case 'GET /bottlerocket-node-resource':
        return textResponse(405, '');
      default:
        return textResponse(404, '');
    }
  }
}
