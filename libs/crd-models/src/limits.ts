import { LONGEST_MESSAGE } from '@brupop/kube-objects';

/**
 * The longest texts and lists that a shadow holds. Lengths are in UTF-16 code units, so a text within a limit is within the same limit of
 * Kubernetes, which counts characters. Text for people is shortened to its limit; anything else that is too long is refused.
 */
export const LIMITS = {
  /** A semantic version. Releases of Bottlerocket have fewer than 20 characters. */
  version: 128,
  /** An RFC 3339 time. */
  timestamp: 64,
  /** `/proc/sys/kernel/random/boot_id` has 36. */
  bootId: 64,
  /** A reason, or the name of a condition: one CamelCase word. */
  word: 64,
  /** A message for people, as an agent or a foreign server words it. */
  message: LONGEST_MESSAGE as number,
  /** The message of a condition: it may quote others. */
  conditionMessage: 4_096,
  /** Conditions of one shadow. */
  conditions: 16,
  /** Versions that failed on one host. */
  failedVersions: 16,
  /** `namespace/name` of an object: at most 63 and 253 characters. */
  objectKey: 320,
  /** DaemonSets that were unhealthy on one node before its update. */
  unhealthyBefore: 20,
} as const;
