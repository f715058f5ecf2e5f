import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * The output of a program, which runs with our environment and the given variables.
 * @throws Error with what it wrote to standard error
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const env = { ...process.env, ...options.env };
  const { stdout } = await execute(program, args, { ...options, env, maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}
