import type { Edit } from "./edits.ts";

/** A row as text: column values by name, timestamps as Athena prints them, NULL as undefined. */
export type Row = Readonly<Record<string, string | undefined>>;

const minuteMs = 60_000;
const printed = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23).replace("T", " ")}000`;
const windowOf = ({ meta }: Edit): number => Math.floor(Date.parse(meta.dt) / minuteMs) * minuteMs;

/** Own reading of the rules: who a name is. */
function nameOf({ user }: Edit): string | undefined {
  const clean = (user ?? "").normalize("NFC").replaceAll("_", " ").trim();
  if (clean === "") return undefined;
  return clean.includes(":") ? clean.toUpperCase() : clean;
}
function kindOf(edit: Edit): string {
  const name = nameOf(edit);
  if (name === undefined) return "hidden";
  if (name.startsWith("~2026-")) return "temporary";
  return name === "192.0.2.7" || name === "2001:DB8::7" ? "ip" : "registered";
}

const isEdit = ({ type }: Edit): boolean => type === "edit" || type === "new";
const isAction = (edit: Edit): boolean => isEdit(edit) || edit.type === "log";
const isSignal = (edit: Edit): boolean =>
  isAction(edit) && !((edit.namespace ?? 0) > 0 && (edit.namespace ?? 0) % 2 === 1);
/** NULL counts as 0 in every sum here. */
const deltaOf = (edit: Edit): number => (isEdit(edit) ? (edit.length?.new ?? 0) - (edit.length?.old ?? 0) : 0);

const sum = (list: readonly number[]): string => String(list.reduce((total, one) => total + one, 0));
const count = (list: readonly Edit[], test: (edit: Edit) => boolean): string => String(list.filter(test).length);
const distinct = (list: readonly (string | undefined)[]): string =>
  String(new Set(list.filter((one) => one !== undefined)).size);
const largest = (list: readonly (string | undefined)[]): string | undefined =>
  list
    .filter((one) => one !== undefined)
    .sort()
    .at(-1);

/** Each event once. */
export function once(edits: readonly Edit[]): Edit[] {
  return [...new Map(edits.toReversed().map((edit) => [edit.meta.id, edit])).values()];
}

function grouped(edits: readonly Edit[], keyOf: (edit: Edit) => readonly unknown[]): Edit[][] {
  const groups = new Map<string, Edit[]>();
  for (const edit of edits) {
    const key = JSON.stringify([windowOf(edit), ...keyOf(edit)]);
    groups.set(key, [...(groups.get(key) ?? []), edit]);
  }
  return [...groups.values()];
}

const serverOf = ({ server_name, meta }: Edit): string => server_name ?? meta.domain;
const places: Readonly<Record<string, readonly [language: string, project: string, region: string]>> = {
  "de.wikipedia.org": ["de", "wikipedia", "europe"],
  "pt.wikipedia.org": ["pt", "wikipedia", "americas"],
  "www.wikidata.org": ["mul", "wikidata", "other"],
  "commons.wikimedia.org": ["mul", "commons", "other"],
  "quality.wikimedia.org": ["mul", "wikimedia", "other"],
  "xx.wiktionary.org": ["xx", "wiktionary", "other"],
};

const rowsOf = (groups: readonly Edit[][], make: (first: Edit, group: readonly Edit[]) => Row): Row[] =>
  groups.flatMap((group) => (group[0] === undefined ? [] : [make(group[0], group)]));
const windowColumns = (first: Edit): Row => ({
  window_start: printed(windowOf(first)),
  window_end: printed(windowOf(first) + minuteMs),
  window_date: printed(windowOf(first)).slice(0, 10),
});

export function recountTraffic(edits: readonly Edit[]): Row[] {
  return rowsOf(
    grouped(edits.filter(isSignal), (edit) => [serverOf(edit)]),
    (first, group) => {
      const [language, project, region] = places[serverOf(first)] ?? [];
      const deltas = group.map(deltaOf);
      const severity = (from: number, to: number): string =>
        count(group, (edit) => isEdit(edit) && Math.abs(deltaOf(edit)) >= from && Math.abs(deltaOf(edit)) < to);
      return {
        ...windowColumns(first),
        server_name: serverOf(first),
        language,
        project,
        region,
        event_count: String(group.length),
        total_bytes: sum(deltas.map(Math.abs)),
        bytes_added: sum(deltas.filter((delta) => delta > 0)),
        bytes_removed: sum(deltas.filter((delta) => delta < 0).map(Math.abs)),
        bot_events: count(group, ({ bot }) => bot),
        human_events: count(group, ({ bot }) => !bot),
        edit_events: count(group, ({ type }) => type === "edit"),
        new_events: count(group, ({ type }) => type === "new"),
        log_events: count(group, ({ type }) => type === "log"),
        minor_flagged: count(group, (edit) => isEdit(edit) && edit.minor === true),
        severity_minor: severity(0, 100),
        severity_moderate: severity(100, 1000),
        severity_major: severity(1000, Number.POSITIVE_INFINITY),
        anonymous_events: count(group, (edit) => ["ip", "temporary"].includes(kindOf(edit))),
        unique_users: distinct(group.map(nameOf)),
      };
    },
  );
}

export function recountNamespaces(edits: readonly Edit[]): Row[] {
  const named = edits.filter(({ namespace }) => namespace !== undefined);
  return rowsOf(
    grouped(named, ({ namespace }) => [namespace]),
    (first, group) => {
      const { window_start, window_date } = windowColumns(first);
      return { window_start, window_date, namespace: String(first.namespace), event_count: String(group.length) };
    },
  );
}

export function recountUsers(edits: readonly Edit[]): Row[] {
  const known = edits.filter((edit) => isEdit(edit) && nameOf(edit) !== undefined);
  return rowsOf(
    grouped(known, (edit) => [nameOf(edit)]),
    (first, group) => ({
      ...windowColumns(first),
      user_name: nameOf(first),
      edit_count: count(group, ({ namespace }) => namespace === 0),
      edit_count_all: String(group.length),
      bytes_changed: sum(group.map((edit) => Math.abs(deltaOf(edit)))),
      wiki_count: distinct(group.map(({ wiki }) => wiki)),
      user_kind: kindOf(first),
      is_bot: String(group.some(({ bot }) => bot)),
    }),
  );
}

export function recountPages(edits: readonly Edit[]): Row[] {
  return rowsOf(
    grouped(edits.filter(isEdit), ({ wiki, title }) => [wiki, title]),
    (first, group) => {
      const namespaces = group.flatMap(({ namespace }) => (namespace === undefined ? [] : [namespace]));
      return {
        ...windowColumns(first),
        wiki: first.wiki,
        server_name: largest(group.map(serverOf)),
        title: first.title,
        namespace: namespaces.length === 0 ? undefined : String(Math.max(...namespaces)),
        edit_count: String(group.length),
        unique_users: distinct(group.map(nameOf)),
        bytes_changed: sum(group.map((edit) => Math.abs(deltaOf(edit)))),
        net_bytes: sum(group.map(deltaOf)),
      };
    },
  );
}

/** The terms of schemas/rules/blacklist.yml, found by eye in the comments that makeEdits writes. */
const terms = [
  ["short-link", "bit.ly/abcd", "warning"],
  ["casino", "ONLINE\u00a0CASINO", "warning"],
  ["shouted-laughter", "hahahahaha", "info"],
] as const;

export function recountHits(edits: readonly Edit[]): Row[] {
  return edits.filter(isAction).flatMap((edit) =>
    terms
      .filter(([, text]) => edit.comment?.includes(text))
      .map(([term_id, , severity]) => ({
        event_id: edit.meta.id,
        term_id,
        field: "comment",
        wiki: edit.wiki,
        title: edit.title,
        user_normalized: nameOf(edit),
        excerpt: edit.comment,
        event_timestamp: printed(Date.parse(edit.meta.dt)),
        severity,
        hit_date: edit.meta.dt.slice(0, 10),
      })),
  );
}
