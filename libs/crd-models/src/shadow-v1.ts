import type { ObjectMeta } from '@brupop/kube-objects';

/** States of the v1 `BottlerocketShadow`: staging and performing were two steps, and there was no failed state. */
export const SHADOW_V1_STATES = ['Idle', 'StagedUpdate', 'PerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate'] as const;
/** A state of the v1 shadow. */
export type ShadowV1State = (typeof SHADOW_V1_STATES)[number];

/** What a node should do next, in v1. */
export interface ShadowV1Spec {
  readonly state: ShadowV1State;
  /** RFC 3339; when `state` was last changed. */
  readonly state_transition_timestamp?: string | null;
  /** Semantic version to update to. */
  readonly version?: string | null;
}

/** What a node's agent last reported, in v1. */
export interface ShadowV1Status {
  readonly current_version: string;
  readonly target_version: string;
  readonly current_state: ShadowV1State;
}

/** A `BottlerocketShadow` of version v1: served for old clients, never stored. */
export interface BottlerocketShadowV1 {
  readonly apiVersion: 'brupop.bottlerocket.aws/v1';
  readonly kind: 'BottlerocketShadow';
  readonly metadata: ObjectMeta;
  readonly spec: ShadowV1Spec;
  readonly status?: ShadowV1Status | null;
}
