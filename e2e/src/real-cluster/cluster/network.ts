import { readdir } from 'node:fs/promises';
import { run } from './run.ts';

/** What the network of a cluster takes from its slot. */
interface NetworkSlot {
  readonly index: number;
  readonly name: string;
  readonly hostIp: string;
}

/** Addresses of one node. */
export interface NodeNetwork {
  /** Path of the network namespace. */
  readonly namespace: string;
  readonly ip: string;
  readonly podCidr: string;
}

const PREFIX_LENGTH = 24;
/** Of the first place; the second byte of its addresses. */
const FIRST_HOLLOW = 204;
const NAMESPACES = '/run/netns';

/** Makes the bridge that connects the machine with the nodes. */
export async function makeBridge({ name, hostIp }: NetworkSlot): Promise<void> {
  await run('ip', ['link', 'add', name, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${hostIp}/${PREFIX_LENGTH}`, 'dev', name]);
  await run('ip', ['link', 'set', name, 'up']);
}

/** Makes every address that {@link hollowAddresses} gives an address of the machine, until the bridge is removed. */
export async function makeHollowAddresses({ index, name }: NetworkSlot): Promise<void> {
  await run('ip', ['route', 'add', 'local', `10.${FIRST_HOLLOW + index}.0.0/16`, 'dev', name]);
}

/** Addresses of a node that is no more than an object, and of its pods. @param node counted from 0, at most 255 */
export function hollowAddresses({ index }: NetworkSlot, node: number): { readonly node: string; pod(count: number): string } {
  const network = `10.${FIRST_HOLLOW + index}.${node}`;
  return { node: `${network}.254`, pod: (count) => `${network}.${count}` };
}

/** Makes a node's network namespace, with routes to the pods of all nodes; `node` counts from 1. */
export async function makeNodeNetwork(slot: NetworkSlot, node: number, nodes: number): Promise<NodeNetwork> {
  const name = `${slot.name}-${node}`;
  const outside = `${slot.name}v${node}`;
  const inside = (args: readonly string[]): Promise<string> => run('ip', ['-n', name, ...args]);
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  await run('ip', ['link', 'set', outside, 'master', slot.name, 'up']);
  await inside(['address', 'add', `${nodeIp(slot, node)}/${PREFIX_LENGTH}`, 'dev', 'eth0']);
  await inside(['link', 'set', 'eth0', 'up']);
  await inside(['link', 'set', 'lo', 'up']);
  await inside(['route', 'add', 'default', 'via', slot.hostIp]);
  // Straight to each other: the machine itself forwards nothing.
  for (let other = 1; other <= nodes; other++) {
    if (other !== node) await inside(['route', 'add', podCidr(slot, other), 'via', nodeIp(slot, other)]);
  }
  await run('ip', ['route', 'replace', podCidr(slot, node), 'via', nodeIp(slot, node)]);
  return { namespace: `${NAMESPACES}/${name}`, ip: nodeIp(slot, node), podCidr: podCidr(slot, node) };
}

/** Removes the bridge `name` and every namespace whose name starts with it; routes and other interfaces go with them. */
export async function removeNetworks(name: string): Promise<void> {
  for (const namespace of await readdir(NAMESPACES).catch(() => [])) {
    if (namespace.startsWith(`${name}-`)) await run('ip', ['netns', 'delete', namespace]);
  }
  await run('ip', ['link', 'delete', name]).catch(() => undefined);
}

const nodeIp = ({ index }: NetworkSlot, node: number): string => `10.201.${index}.${10 + node}`;
const podCidr = ({ index }: NetworkSlot, node: number): string => `10.202.${16 * index + node}.0/24`;
