const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Splits JSON that contains a long list into the items of that list while it arrives, so that only one item at a time is in memory as a
 * value. It works on bytes: JSON's syntax is ASCII, and no byte of a longer UTF-8 sequence is. Items must be objects or lists.
 */
export class ListSplitter {
  readonly #onItem: (item: Buffer) => void;
  /** The keys that lead to the list. */
  readonly #path: readonly string[];
  /** Within the list, but not within an item. */
  readonly #between: number;
  /** What is kept of the text that the scan has passed: the piece of an item, or the text around the items. */
  #item: Buffer[] = [];
  #around: Buffer[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;
  /** By depth, the last string there: the key, whenever a value begins. */
  readonly #keys: string[] = [];
  #keyParts: Buffer[] | undefined;

  /**
   * @param onItem gets the text of each item; where a piece of the whole text holds all of it, that piece's own bytes
   * @param path where the list is: by default where a Kubernetes list has it
   */
  constructor(onItem: (item: Buffer) => void, path: readonly string[] = ['items']) {
    this.#onItem = onItem;
    this.#path = path;
    this.#between = path.length + 1;
  }

  /**
   * @param piece the next of the text, which must not change any more
   * @throws SyntaxError if the list holds something else than objects and lists; what `onItem` throws
   */
  push(piece: Uint8Array): void {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      switch (chunk[at]) {
        case QUOTE:
          this.#inString = true;
          if (this.#depth < this.#between) this.#keyParts = [];
          break;
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          if (this.#inItems && this.#depth === this.#between) start = this.#skipBlank(chunk, start, at);
          this.#depth++;
          if (chunk[at] === OPEN_ARRAY && this.#isPath()) {
            this.#around.push(chunk.subarray(start, at + 1));
            start = at + 1;
            this.#inItems = true;
          }
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          this.#depth--;
          if (this.#inItems && this.#depth === this.#between) {
            this.#item.push(chunk.subarray(start, at + 1));
            start = at + 1;
            this.#endItem();
          } else if (this.#inItems && this.#depth < this.#between) {
            start = this.#skipBlank(chunk, start, at);
            this.#inItems = false;
          }
          break;
        case COMMA:
          if (this.#inItems && this.#depth === this.#between) start = this.#skipBlank(chunk, start, at) + 1;
          break;
        default:
      }
    }
    if (start < chunk.length) (this.#inItems ? this.#item : this.#around).push(chunk.subarray(start));
  }

  /**
   * Ends the text.
   * @returns what was around the items, with an empty list in their place
   * @throws SyntaxError if it was cut off, or is longer than `limit` bytes
   */
  finish(limit: number = Infinity): unknown {
    const around = Buffer.concat(this.#around);
    if (around.length > limit) throw new SyntaxError(`More than ${String(limit)} bytes around the list`);
    return JSON.parse(around.toString('utf8'));
  }

  #isPath(): boolean {
    return this.#depth === this.#between && this.#path.every((key, at) => this.#keys[at + 1] === key);
  }

  /** @returns `end`; what lies between two items, perhaps begun in an earlier chunk, is forgotten */
  #skipBlank(chunk: Buffer, start: number, end: number): number {
    const between = [...this.#item, chunk.subarray(start, end)];
    if (between.some((piece) => piece.some((byte) => !BLANK.has(byte))))
      throw new SyntaxError('An item of the list is neither object nor list');
    this.#item = [];
    return end;
  }

  /** @returns the index of the last byte that belongs to the string, as far as this chunk has it */
  #skipString(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false;
      else if (chunk[at] === BACKSLASH) this.#escaped = true;
      else if (chunk[at] === QUOTE) {
        this.#inString = false;
        if (this.#keyParts !== undefined) {
          this.#keyParts.push(chunk.subarray(from, at));
          this.#keys[this.#depth] = Buffer.concat(this.#keyParts).toString('utf8');
          this.#keyParts = undefined;
        }
        return at;
      }
    }
    this.#keyParts?.push(chunk.subarray(from));
    return chunk.length;
  }

  #endItem(): void {
    const [first, ...more] = this.#item;
    this.#item = [];
    if (first !== undefined) this.#onItem(more.length === 0 ? first : Buffer.concat([first, ...more]));
  }
}
