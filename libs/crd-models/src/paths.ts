import { GROUP, PLURAL, STORAGE_VERSION } from './names.ts';

/** Path of the shadows of a namespace, or of all. */
export function shadowsPath(namespace?: string): string {
  const where = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${GROUP}/${STORAGE_VERSION}${where}/${PLURAL}`;
}

/** Path of a shadow. */
export function shadowPath(namespace: string, name: string): string {
  return `${shadowsPath(namespace)}/${encodeURIComponent(name)}`;
}

/** Path of the status of a shadow. */
export function shadowStatusPath(namespace: string, name: string): string {
  return `${shadowPath(namespace, name)}/status`;
}
