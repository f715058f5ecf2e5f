import recorded from './recorded-legacy.json' with { type: 'json' };

/** What Brupop 1.x came to when it was measured. */
export const LEGACY: typeof recorded = recorded;
