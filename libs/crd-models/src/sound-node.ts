import { METADATA } from './object-schemas.ts';
import { fields, listOf, text, type JsonSchema } from './schema.ts';
import { faultsInWords, soundShape } from './sound-shape.ts';

const CONDITIONS: JsonSchema = listOf(
  fields(
    { type: text('Name.'), status: text('True, False or Unknown.') },
    { reason: text('One word.'), message: text('For people.'), lastTransitionTime: text('RFC 3339.') },
  ),
);
const TAINTS: JsonSchema = listOf(fields({ key: text('Key.'), effect: text('Effect.') }, { value: text('Value.') }));
const NODE: JsonSchema = fields(
  { metadata: METADATA },
  {
    spec: fields({}, { unschedulable: { type: 'boolean' }, taints: TAINTS }),
    status: fields({}, { conditions: CONDITIONS, nodeInfo: fields({}, { bootID: text('Boot id.') }) }),
  },
);
const POD: JsonSchema = fields(
  { metadata: METADATA },
  {
    spec: fields({}, { nodeName: text('Name of the Node.') }),
    status: fields({}, { phase: text('Phase.'), conditions: CONDITIONS }),
  },
);

/** The legal part of an object, and which parts are illegal; for people. */
export interface Sound<T> {
  readonly object: T;
  /** Absent: the object is legal. */
  readonly fault?: string;
}

/**
 * A Node in a shape that everything may rely on. What is invalid is left out: a Node that cannot be read as a whole must stay known by its
 * name, because the shadow of a deleted Node is deleted.
 * @throws TypeError for an object without a name
 */
export function soundNode<T>(raw: T): Sound<T> {
  return soundObject(raw, NODE);
}

/** As {@link soundNode}, for a Pod. */
export function soundPod<T>(raw: T): Sound<T> {
  return soundObject(raw, POD);
}

function soundObject<T>(raw: T, schema: JsonSchema): Sound<T> {
  const { value, faults } = soundShape(raw, schema);
  if (value === undefined) throw new TypeError('The object has no name');
  return { object: value as T, ...(faults.length === 0 ? {} : { fault: faultsInWords(faults) }) };
}
