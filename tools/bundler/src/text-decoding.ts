import { TextDecoder } from 'node:util';

/** The part of `iconv-lite` with which express reads bodies, on top of Node's own decoders. */
interface StreamDecoder {
  write(chunk: Uint8Array): string;
  end(): string;
}

/** Whether text in this encoding can be decoded. */
export function encodingExists(encoding: string): boolean {
  try {
    return new TextDecoder(encoding).encoding !== '';
  } catch {
    return false;
  }
}

/** @throws Error for an unknown encoding */
export function decode(bytes: Uint8Array, encoding: string): string {
  return decoderOf(encoding).decode(bytes);
}

/** @throws Error for an unknown encoding */
export function getDecoder(encoding: string): StreamDecoder {
  const decoder = decoderOf(encoding);
  return { write: (chunk) => decoder.decode(chunk, { stream: true }), end: () => decoder.decode() };
}

function decoderOf(encoding: string): TextDecoder {
  // express recognizes exactly this message, and answers 415.
  if (!encodingExists(encoding)) throw new Error(`Encoding not recognized: '${encoding}'`);
  return new TextDecoder(encoding);
}
