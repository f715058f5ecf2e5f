import recorded from './recorded-legacy.json' with { type: 'json' };

/** Recorded measurements of Brupop 1.x. */
export const LEGACY: typeof recorded = recorded;
