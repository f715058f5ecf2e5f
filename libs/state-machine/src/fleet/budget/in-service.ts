import type { Facts } from '../model/facts.ts';
import { waitsForUs } from '../model/facts.ts';

/** Which nodes take pods, and whether one will again; kept up to date while reboots are granted. */
export interface InService {
  /** Whether the node had better wait: no other would be left that takes its pods, and one is under way that will be back. */
  isLast(facts: Facts): boolean;
  /** Counts a node as under way. */
  leave(facts: Facts): void;
}

/** @param fleet nodes that are managed, and those that are not */
export function createInService(fleet: readonly Facts[]): InService {
  const takers = { open: 0, tainted: 0 };
  let isOneUnderWay = false;
  for (const facts of fleet) {
    if (takesPods(facts)) takers[kindOf(facts)] += 1;
    else isOneUnderWay ||= comesBack(facts);
  }
  return {
    isLast: (facts) => {
      // What takes no pods as it is takes nothing away.
      if (!isOneUnderWay || !takesPods(facts)) return false;
      // What runs on a tainted node may run on any; what runs elsewhere need not tolerate a taint.
      const left = takers.open + (facts.node.tainted ? takers.tainted : 0) - 1;
      return left === 0;
    },
    leave: (facts) => {
      if (takesPods(facts)) takers[kindOf(facts)] -= 1;
      isOneUnderWay = true;
    },
  };
}

const kindOf = ({ node }: Facts): 'open' | 'tainted' => (node.tainted ? 'tainted' : 'open');

/** Whether the node takes pods, and will unless it is told otherwise. */
function takesPods(facts: Facts): boolean {
  const { node, disrupting } = facts;
  return node.ready && !node.unschedulable && !node.deleting && (!disrupting || waitsForUs(facts));
}

/** Whether an update of ours keeps the node from pods, and has still time to bring it back. */
function comesBack(facts: Facts): boolean {
  const { node, phase, disrupting, stuck } = facts;
  return disrupting && phase !== 'absent' && phase !== 'idle' && !stuck && !node.deleting && !waitsForUs(facts);
}
