import { describe, expect, test } from '@jest/globals';
import { logFilter, thresholdFor } from './log-filter.ts';
import type { LogThreshold } from './logger.ts';

describe('TRACING_FILTER_DIRECTIVE', () => {
  test.each<{ given: string; component?: string; threshold: LogThreshold }>([
    { given: 'info', threshold: 'info' },
    { given: 'WARN', threshold: 'warn' },
    { given: 'trace', threshold: 'debug' },
    { given: 'off', threshold: 'off' },
    { given: '0', threshold: 'off' },
    { given: '4', threshold: 'debug' },
    { given: 'debug,hyper=warn', threshold: 'debug' },
    { given: 'hyper=warn,debug', threshold: 'debug' },
    { given: 'info,controller=debug', threshold: 'debug' },
    { given: 'info,controller=debug', component: 'agent', threshold: 'info' },
    { given: 'controller=debug,info', threshold: 'debug' },
    { given: 'info,controller=off', threshold: 'off' },
    { given: 'brupop=trace', threshold: 'debug' },
    { given: 'brupop=trace', component: 'agent', threshold: 'debug' },
    { given: 'brupop::controller=error,brupop=trace', threshold: 'error' },
    { given: 'controller', threshold: 'debug' },
    { given: 'controller=', threshold: 'debug' },
    { given: 'contr=warn', threshold: 'warn' },
    { given: 'controller::statemachine=debug,info', threshold: 'info' },
    { given: 'info,warn', threshold: 'warn' },
    { given: ' info , hyper=debug , ', threshold: 'info' },
    { given: 'info,kube_client::client=debug,tower-http=off', threshold: 'info' },
    // If nothing matches, nothing is logged, as in Rust.
    { given: 'hyper=debug', threshold: 'off' },
    { given: 'verbose', threshold: 'off' },
    { given: '[reconcile{node=a,b}]=debug', threshold: 'off' },
    { given: 'warn,controller[reconcile{node=a,b}]=debug', threshold: 'warn' },
  ])('"$given" sets the level of $component to $threshold', ({ given, component = 'controller', threshold }) => {
    const filter = logFilter(given);
    expect(filter.ok && thresholdFor(filter.value, component)).toBe(threshold);
  });

  test.each([
    { given: 'info,controller=verbose', culprit: '"controller=verbose" is not a valid directive' },
    { given: 'a=b=c', culprit: '"a=b=c" is not a valid directive' },
    { given: 'what ever', culprit: '"what ever" is not a valid directive' },
    { given: 'info,hyper=6', culprit: '"hyper=6" is not a valid directive' },
    { given: '=debug', culprit: '"=debug" is not a valid directive' },
    { given: ',', culprit: 'separated by commas' },
    { given: 'x=constructor', culprit: '"x=constructor" is not a valid directive' },
  ])('"$given" is rejected, and the invalid directive is named', ({ given, culprit }) => {
    expect(logFilter(given)).toEqual({ ok: false, expected: expect.stringContaining(culprit) as unknown as string });
  });
});
