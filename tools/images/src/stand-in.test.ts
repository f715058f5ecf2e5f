import { describe, expect, test } from '@jest/globals';
import { sharedLibraries } from './stand-in.ts';

describe(sharedLibraries, () => {
  test('lists the files that the loader maps, and the loader, but not the vDSO of the kernel', () => {
    const ldd = `\tlinux-vdso.so.1 (0x00007f23309ab000)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f2330995000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f233041e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f23309ad000)
`;
    expect(sharedLibraries(ldd)).toEqual([
      '/lib/x86_64-linux-gnu/libdl.so.2',
      '/lib/x86_64-linux-gnu/libc.so.6',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
  });
});
