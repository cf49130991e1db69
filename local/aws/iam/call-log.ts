import type { AuthorizedCall } from "../service.ts";

/** Keeps which calls were asked of IAM, bounded whatever the run does. */
export type CallLog = {
  record(call: AuthorizedCall): void;
  /** One entry a role, action, outcome and resource group; `resource` is the group's first. */
  calls(): readonly (AuthorizedCall & { readonly count: number })[];
};

/** Groups kept; the pipeline makes a few hundred. */
const maxGroups = 20_000;
/** An S3 key is grouped by its first folders: the rest (batch ids, file names) is different each time. */
const keyFolders = 3;

/** Makes an empty log. Past the bound new groups are dropped, old ones still counted. */
export function createCallLog(): CallLog {
  const groups = new Map<string, { call: AuthorizedCall; count: number }>();
  return {
    record: (call) => {
      const key = `${call.roleId} ${call.action} ${call.allowed} ${groupOf(call.resource)}`;
      const group = groups.get(key);
      if (group) group.count += 1;
      else if (groups.size < maxGroups) groups.set(key, { call, count: 1 });
    },
    calls: () => [...groups.values()].map(({ call, count }) => ({ ...call, count })),
  };
}

const groupOf = (resource: string): string =>
  resource.startsWith("arn:aws:s3:::")
    ? resource
        .split("/")
        .slice(0, keyFolders + 1)
        .join("/")
    : resource;
