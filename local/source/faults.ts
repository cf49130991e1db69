/**
 * What the real server does when it misbehaves, switched on for a number of times. A fault of the connection is taken
 * when somebody connects, a fault of the stream at the next event of any open connection.
 */
export const connectionFaults = [
  "status-429",
  "status-502",
  "status-503",
  "status-400",
  "status-403",
  "status-204",
  "html-200",
] as const;
export const streamFaults = [
  "cut-mid-event",
  "close",
  "silence",
  "duplicate",
  "malformed-json",
  "endless-line",
  "error-frame",
] as const;
export type ConnectionFault = (typeof connectionFaults)[number];
export type StreamFault = (typeof streamFaults)[number];
export type Fault = ConnectionFault | StreamFault;

export const isFault = (name: unknown): name is Fault =>
  [...connectionFaults, ...streamFaults].some((fault) => fault === name);

export type FaultSwitch = {
  /** Arms a fault for the next `times` occasions. */
  arm(fault: Fault, times: number): void;
  takeConnectionFault(): ConnectionFault | undefined;
  takeStreamFault(): StreamFault | undefined;
  pending(): Readonly<Record<string, number>>;
};

export function createFaultSwitch(): FaultSwitch {
  const armed = new Map<Fault, number>();
  const take = <F extends Fault>(candidates: readonly F[]): F | undefined => {
    const found = candidates.find((fault) => (armed.get(fault) ?? 0) > 0);
    if (found) armed.set(found, (armed.get(found) ?? 1) - 1);
    return found;
  };
  return {
    arm: (fault, times) => void armed.set(fault, (armed.get(fault) ?? 0) + times),
    takeConnectionFault: () => take(connectionFaults),
    takeStreamFault: () => take(streamFaults),
    pending: () => Object.fromEntries([...armed].filter(([, times]) => times > 0)),
  };
}
