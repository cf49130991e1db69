/** Port: small objects that hold what the stage should do and what it found. */
export type ControlStore = {
  /** Text of the object; undefined when there is none. */
  get(key: string): Promise<string | undefined>;
  /** Writes unless the object exists; false when it did. */
  putIfAbsent(key: string, body: string): Promise<boolean>;
};
