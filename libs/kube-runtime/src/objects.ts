/** Key of an object in a {@link Store}: `name`, or `namespace/name`. */
export function objectKey({ name, namespace }: { readonly name: string; readonly namespace?: string }): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** Transformed objects of a reflector; always a state that the API server has had. */
export interface Store<T> {
  get(key: string): T | undefined;
  list(): T[];
  readonly size: number;
}
