/** States of the v1 `BottlerocketShadow`: staging and performing were two steps, and there was no failed state. */
export const SHADOW_V1_STATES = ['Idle', 'StagedUpdate', 'PerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate'] as const;
/** A state of the v1 shadow. */
export type ShadowV1State = (typeof SHADOW_V1_STATES)[number];
