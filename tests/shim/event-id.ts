/** `meta.id` of an event as a topic holds it. */
export function idOf({ value }: { readonly value: Buffer | string }): string {
  return JSON.parse(value.toString()).meta.id;
}
