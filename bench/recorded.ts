import recorded from './recorded-original.json' with { type: 'json' };

/** What the original came to when it was measured. */
export const ORIGINAL: typeof recorded = recorded;
