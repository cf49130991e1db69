/** Why a record is refused: the closed list of bronze.dead_letter.reason. A metric per reason is exhaustive by type. */
export const rejectReasons = [
  "invalid_utf8",
  "invalid_json",
  "not_an_object",
  "too_deep",
  "canary_leak",
  "oversize",
  "missing_meta",
  "missing_event_id",
  "invalid_dt",
  "dt_out_of_range",
  "type_mismatch",
  "broker_refused",
  "retries_exhausted",
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/** `live`: from the feed as it happens; `replay`: a file, a backfill, a gap fill (age limits do not hold there). */
export type SourceKind = "live" | "replay";

/** A recentchange event whose fields have the types that the schema promises. Absent upstream is absent here. */
export type RecentChange = {
  readonly $schema?: string;
  readonly meta: {
    readonly id: string;
    readonly dt: string;
    readonly domain?: string;
    readonly stream?: string;
    readonly uri?: string;
    readonly request_id?: string;
    readonly topic?: string;
    readonly partition?: number;
    readonly offset?: number;
    readonly schema_uri?: string;
  };
  readonly id?: number;
  readonly type?: string;
  readonly namespace?: number;
  readonly title?: string;
  readonly title_url?: string;
  readonly comment?: string;
  readonly timestamp?: number;
  readonly user?: string;
  readonly bot?: boolean;
  readonly minor?: boolean;
  readonly patrolled?: boolean;
  readonly length?: { readonly old?: number; readonly new?: number };
  readonly revision?: { readonly old?: number; readonly new?: number };
  readonly log_id?: number;
  readonly log_type?: string;
  readonly log_action?: string;
  readonly log_params?: unknown;
  readonly wiki?: string;
  readonly server_name?: string;
};

/** What the judge says of one record. Expected outcomes are values; the judge never throws. */
export type Verdict =
  | {
      readonly kind: "accepted";
      readonly event: RecentChange;
      readonly eventTimestampMs: number;
      readonly text: string;
    }
  | { readonly kind: "dropped"; readonly reason: "canary"; readonly sourceTopic: string | undefined }
  | {
      readonly kind: "rejected";
      readonly reason: RejectReason;
      /** For a person: which field, which limit. At most 200 characters, no event text beyond field names. */
      readonly detail: string;
      readonly eventId: string | undefined;
      readonly wiki: string | undefined;
    };
