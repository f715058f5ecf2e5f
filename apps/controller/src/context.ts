import type { KubeClient } from '@brupop/kube-runtime';
import type { Clock, Logger, Random } from '@brupop/ports';

/** What every part of the controller works with. */
export interface Context {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The namespace of the operator, of its shadows and of its lease. */
  readonly namespace: string;
}
