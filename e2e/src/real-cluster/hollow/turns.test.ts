import { describe, expect, test } from '@jest/globals';
import { Turns } from './turns.ts';

/** Work that ends on request, and records when it began. */
function jobs(): {
  readonly began: string[];
  readonly job: (name: string) => () => Promise<string>;
  readonly end: (name: string, error?: Error) => Promise<void>;
} {
  const began: string[] = [];
  const open = new Map<string, PromiseWithResolvers<string>>();
  return {
    began,
    job: (name) => {
      const work = Promise.withResolvers<string>();
      open.set(name, work);
      return () => {
        began.push(name);
        return work.promise;
      };
    },
    end: async (name, error) => {
      if (error === undefined) open.get(name)?.resolve(name);
      else open.get(name)?.reject(error);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe(Turns, () => {
  test('work with the same key is done one after the other, in the order of the calls', async () => {
    const { began, job, end } = jobs();
    const turns = new Turns(9);
    const [, second] = [turns.take('a', job('1')), turns.take('a', job('2')), turns.take('b', job('3'))];
    await end('none');
    expect(began).toEqual(['1', '3']);
    await end('1');
    expect(began).toEqual(['1', '3', '2']);
    await end('2');
    await expect(second).resolves.toBe('2');
  });

  test('a failure is returned, and does not block later work', async () => {
    const { began, job, end } = jobs();
    const turns = new Turns(9);
    const failed = turns.take('a', job('1'));
    void turns.take('a', job('2'));
    const rejected = expect(failed).rejects.toThrow('no');
    await end('none');
    await end('1', new Error('no'));
    await rejected;
    expect(began).toEqual(['1', '2']);
  });

  test('the amount of concurrent work is limited', async () => {
    const { began, job, end } = jobs();
    const turns = new Turns(2);
    for (const name of ['1', '2', '3']) void turns.take(name, job(name));
    await end('none');
    expect(began).toEqual(['1', '2']);
    await end('2');
    expect(began).toEqual(['1', '2', '3']);
  });
});
