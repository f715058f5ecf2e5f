const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What a Kubernetes list says besides its items. */
export interface ListHeader {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/**
 * Cuts the JSON of a Kubernetes list into its items while it arrives, so that no more than one item is ever held as text.
 * It works on bytes: all of JSON's signs are ASCII, and no byte of a longer UTF-8 sequence is.
 */
export class ListSplitter {
  readonly #onItem: (item: unknown) => void;
  /** What is kept of the text that the scan has passed: the piece of an item, or the list around the items. */
  #item: Uint8Array[] = [];
  #around: Uint8Array[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;
  /** The last string at depth 1: the key, whenever a value begins. */
  #key = '';
  #keyParts: Uint8Array[] | undefined;

  constructor(onItem: (item: unknown) => void) {
    this.#onItem = onItem;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      switch (chunk[at]) {
        case QUOTE:
          this.#inString = true;
          if (this.#depth === 1) this.#keyParts = [];
          break;
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          this.#depth++;
          if (this.#depth === 2 && chunk[at] === OPEN_ARRAY && this.#key === 'items') {
            this.#around.push(chunk.slice(start, at + 1));
            start = at + 1;
            this.#inItems = true;
          }
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          this.#depth--;
          if (this.#inItems && this.#depth === 2) {
            this.#item.push(chunk.subarray(start, at + 1));
            start = at + 1;
            this.#endItem();
          } else if (this.#inItems && this.#depth === 1) {
            this.#inItems = false;
            start = at;
          }
          break;
        case COMMA:
          if (this.#inItems && this.#depth === 2) start = at + 1;
          break;
        default:
      }
    }
    if (start < chunk.length) (this.#inItems ? this.#item : this.#around).push(chunk.slice(start));
  }

  /**
   * Ends the list.
   * @throws SyntaxError if it was cut off
   */
  finish(): ListHeader {
    return JSON.parse(Buffer.concat(this.#around).toString('utf8')) as ListHeader;
  }

  /** @returns the index of the last byte that belongs to the string, as far as this chunk has it */
  #skipString(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false;
      else if (chunk[at] === BACKSLASH) this.#escaped = true;
      else if (chunk[at] === QUOTE) {
        this.#inString = false;
        if (this.#keyParts !== undefined) {
          this.#keyParts.push(chunk.slice(from, at));
          this.#key = Buffer.concat(this.#keyParts).toString('utf8');
          this.#keyParts = undefined;
        }
        return at;
      }
    }
    this.#keyParts?.push(chunk.slice(from));
    return chunk.length;
  }

  #endItem(): void {
    const text = Buffer.concat(this.#item).toString('utf8');
    this.#item = [];
    this.#onItem(JSON.parse(text));
  }
}
