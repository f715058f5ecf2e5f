/** Key of an object in a {@link Store}: `name`, or `namespace/name`. */
export function objectKey({ name, namespace }: { readonly name: string; readonly namespace?: string }): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** What a reflector has seen, trimmed; always a state that the API server once had. */
export interface Store<T> {
  get(key: string): T | undefined;
  list(): T[];
  readonly size: number;
}
