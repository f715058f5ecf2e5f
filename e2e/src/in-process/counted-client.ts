import type { HttpClient } from '@brupop/ports';

/** A client that counts its open requests; `idle` resolves when there is none. */
export function countedClient(client: HttpClient): { readonly client: HttpClient; readonly idle: () => Promise<void> } {
  const open = new Set<Promise<unknown>>();
  return {
    client: {
      request: async (request, signal) => {
        const answer = client.request(request, signal);
        open.add(answer);
        try {
          return await answer;
        } finally {
          open.delete(answer);
        }
      },
    },
    idle: async () => {
      while (open.size > 0) await Promise.allSettled(open);
    },
  };
}
