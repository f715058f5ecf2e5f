/** `GET /os`, as far as it is read. */
export interface WireOs {
  readonly version_id: string;
  readonly arch?: string | null;
  readonly variant_id?: string | null;
  readonly pretty_name?: string | null;
  readonly build_id?: string | null;
}

interface WireImage {
  readonly version?: string;
}

interface WirePartition {
  readonly image?: WireImage | null;
  readonly next_to_boot?: boolean | null;
}

/** `GET /updates/status`, as far as it is read. */
export interface WireUpdateStatus {
  readonly update_state: string;
  readonly available_updates?: unknown;
  readonly chosen_update?: WireImage | null;
  readonly active_partition?: WirePartition | null;
  readonly staging_partition?: WirePartition | null;
  readonly most_recent_command?: {
    readonly cmd_type: string;
    readonly cmd_status: string;
    readonly timestamp: string;
    readonly exit_status?: number | null;
    readonly stderr?: string | null;
  } | null;
}
