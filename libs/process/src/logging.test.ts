import { describe, expect, test } from '@jest/globals';
import { parseConfig } from './config.ts';
import { createProcessLogger, LOGGING_CONFIG } from './logging.ts';

const SPEC = { ...LOGGING_CONFIG, logFilter: { ...LOGGING_CONFIG.logFilter, deprecatedEnv: 'LOG_FILTER' } };

/** The output of a process that logs one entry of each level. */
async function printed(env: Readonly<Record<string, string>>): Promise<string[]> {
  const lines: string[] = [];
  const parsed = parseConfig(SPEC, env);
  const log = createProcessLogger('agent', parsed, { write: (line) => lines.push(line), now: () => 0 });
  log.error('broken');
  log.info('changed', { node: 'a' });
  log.debug('how');
  await new Promise((resolve) => setImmediate(resolve));
  return lines;
}

describe(createProcessLogger, () => {
  test.each([
    {
      name: 'nothing is set',
      env: {},
      lines: [expect.stringMatching(/^ {2}\S+ ERROR agent: broken\n$/), expect.stringContaining('INFO agent: changed, node: a')],
    },
    {
      name: 'full',
      env: { LOGGING_FORMATTER: 'full' },
      lines: ['1970-01-01T00:00:00.000Z ERROR agent: broken', '1970-01-01T00:00:00.000Z  INFO agent: changed node=a'],
    },
    {
      name: 'compact, errors only',
      env: { LOGGING_FORMATTER: 'compact', TRACING_FILTER_DIRECTIVE: 'error' },
      lines: ['1970-01-01T00:00:00.000Z ERROR agent: broken'],
    },
    {
      name: 'JSON, which has no colours, and debug entries of another process',
      env: { LOGGING_FORMATTER: 'json', LOGGING_ANSI_ENABLED: 'True', TRACING_FILTER_DIRECTIVE: 'info,controller=debug' },
      lines: [
        '{"timestamp":"1970-01-01T00:00:00.000Z","level":"ERROR","fields":{"message":"broken"},"target":"agent"}',
        '{"timestamp":"1970-01-01T00:00:00.000Z","level":"INFO","fields":{"message":"changed","node":"a"},"target":"agent"}',
      ],
    },
    {
      name: 'colours',
      env: { LOGGING_FORMATTER: 'full', LOGGING_ANSI_ENABLED: 'true', TRACING_FILTER_DIRECTIVE: 'error' },
      lines: ['\u001b[2m1970-01-01T00:00:00.000Z\u001b[0m \u001b[31mERROR\u001b[0m \u001b[2magent:\u001b[0m broken'],
    },
    { name: 'nothing, if logging is turned off', env: { TRACING_FILTER_DIRECTIVE: 'off' }, lines: [] },
    {
      name: 'a warning that logging is off, if that may not be intended',
      env: { LOGGING_FORMATTER: 'compact', TRACING_FILTER_DIRECTIVE: 'inof' },
      lines: [expect.stringContaining('WARN agent: Logging is off')],
    },
    {
      name: 'a warning for a deprecated variable, first',
      env: { LOGGING_FORMATTER: 'compact', LOG_FILTER: 'warn' },
      lines: [
        expect.stringMatching(/ WARN agent: Deprecated environment variable: .* variable=LOG_FILTER use=TRACING_FILTER_DIRECTIVE$/),
        expect.stringContaining('ERROR agent: broken'),
      ],
    },
    {
      name: 'JSON, if the configuration is invalid',
      env: { LOGGING_FORMATTER: 'xml' },
      lines: [expect.stringMatching(/^\{/), expect.stringMatching(/^\{/)],
    },
  ])('$name', async ({ env, lines }) => {
    expect(await printed(env)).toEqual(lines);
  });
});
