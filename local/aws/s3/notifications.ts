/** An object that was created, as a notification tells it. */
export type ObjectCreated = {
  readonly eventName: string;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly eTag: string;
  readonly time: Date;
  /** Grows from event to event of the run; hexadecimal. */
  readonly sequencer: string;
};
export type ObjectListener = (event: ObjectCreated) => void | Promise<void>;

export type Notifications = {
  /** Tells of objects under a prefix created through the front. The returned function ends it. */
  onObjectCreated(bucket: string, prefix: string, listener: ObjectListener): () => void;
  interested(bucket: string, key: string): boolean;
  publish(event: Omit<ObjectCreated, "time" | "sequencer">): void;
};

type NotificationDeps = { readonly now: () => number; readonly onError: (error: unknown) => void };
type Subscription = { readonly bucket: string; readonly prefix: string; readonly listener: ObjectListener };

/** Makes the list of subscribers. A listener that fails is reported and does not disturb the request or the others. */
export function createNotifications({ now, onError }: NotificationDeps): Notifications {
  const subscriptions = new Set<Subscription>();
  let sequence = 0;
  const matching = (bucket: string, key: string): readonly Subscription[] =>
    [...subscriptions].filter((one) => one.bucket === bucket && key.startsWith(one.prefix));
  return {
    onObjectCreated: (bucket, prefix, listener) => {
      const subscription = { bucket, prefix, listener };
      subscriptions.add(subscription);
      return () => subscriptions.delete(subscription);
    },
    interested: (bucket, key) => matching(bucket, key).length > 0,
    publish: (event) => {
      sequence += 1;
      const sequencer = sequence.toString(16).toUpperCase().padStart(18, "0");
      const full = { ...event, time: new Date(now()), sequencer };
      for (const { listener } of matching(event.bucket, event.key)) {
        Promise.resolve()
          .then(() => listener(full))
          .catch(onError);
      }
    },
  };
}
