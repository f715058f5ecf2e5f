import { isStaged, type Facts } from '../model/facts.ts';

/** Which nodes are schedulable, and whether another node will be again. Updated while reboots are granted. */
export interface InService {
  /** Whether the node should wait: it is the last one that can run its pods, and another node will return from its update. */
  isLast(facts: Facts): boolean;
  /** Records that a node leaves service for its reboot. */
  leave(facts: Facts): void;
}

/** @param fleet all nodes, managed or not */
export function createInService(fleet: readonly Facts[]): InService {
  const schedulable = { open: 0, tainted: 0 };
  let isOneReturning = false;
  for (const facts of fleet) {
    if (isSchedulable(facts)) schedulable[kindOf(facts)] += 1;
    else isOneReturning ||= returns(facts);
  }
  return {
    isLast: (facts) => {
      // To reboot a node that is unschedulable anyway reduces nothing.
      if (!isOneReturning || !isSchedulable(facts)) return false;
      // The pods of a tainted node can run on any node. Those of other nodes may not tolerate a taint.
      const left = schedulable.open + (facts.node.tainted ? schedulable.tainted : 0) - 1;
      return left === 0;
    },
    leave: (facts) => {
      if (isSchedulable(facts)) schedulable[kindOf(facts)] -= 1;
      isOneReturning = true;
    },
  };
}

const kindOf = ({ node }: Facts): 'open' | 'tainted' => (node.tainted ? 'tainted' : 'open');

/** Whether pods can be scheduled to the node, and it stays so until the controller allows a step. */
function isSchedulable(facts: Facts): boolean {
  const { node, disrupting } = facts;
  return node.ready && !node.unschedulable && !node.deleting && (!disrupting || isStaged(facts));
}

/** Whether an update keeps the node out of service and is within its deadline. */
function returns(facts: Facts): boolean {
  const { node, phase, disrupting, stuck } = facts;
  return disrupting && phase !== 'absent' && phase !== 'idle' && !stuck && !node.deleting && !isStaged(facts);
}
