import { TextDecoder } from 'node:util';

/** The part of `iconv-lite` that express reads bodies with, by the decoders that Node has anyway. */
interface StreamDecoder {
  write(chunk: Uint8Array): string;
  end(): string;
}

/** Whether text in this encoding can be read. */
export function encodingExists(encoding: string): boolean {
  try {
    return new TextDecoder(encoding).encoding !== '';
  } catch {
    return false;
  }
}

/** @throws Error for an encoding that does not exist */
export function decode(bytes: Uint8Array, encoding: string): string {
  return decoderOf(encoding).decode(bytes);
}

/** @throws Error for an encoding that does not exist */
export function getDecoder(encoding: string): StreamDecoder {
  const decoder = decoderOf(encoding);
  return { write: (chunk) => decoder.decode(chunk, { stream: true }), end: () => decoder.decode() };
}

function decoderOf(encoding: string): TextDecoder {
  // express makes a 415 of exactly these words.
  if (!encodingExists(encoding)) throw new Error(`Encoding not recognized: '${encoding}'`);
  return new TextDecoder(encoding);
}
