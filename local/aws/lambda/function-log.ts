import { randomUUID } from "node:crypto";
import path from "node:path";
import { createUnitLog, type UnitLog } from "../unit-log.ts";

/** One line of a function's output as CloudWatch Logs would get it; EMF lines are found among these. */
export type LogLine = {
  readonly functionName: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly timeMs: number;
  readonly line: string;
};

export type FunctionLog = {
  readonly logStream: string;
  line(text: string): void;
  start(requestId: string): void;
  /** END and REPORT lines as AWS prints them. */
  end(report: Report): void;
};

export type Report = {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memoryMb: number;
  readonly peakMemoryBytes: number;
  /** Only for the invocation that started the child. */
  readonly initMs: number | undefined;
  readonly status: "success" | "timeout" | "error";
  readonly errorType: string | undefined;
};

type FunctionLogOptions = {
  readonly logDir: string;
  readonly functionName: string;
  readonly logGroup: string;
  readonly now: () => number;
  readonly onLogLine: (line: LogLine) => void;
};

const bytesPerMb = 1024 * 1024;

/** Writes `<logDir>/<function>.log` and hands every line on. */
export function createFunctionLog(options: FunctionLogOptions): FunctionLog {
  const { functionName, logGroup, now } = options;
  const file: UnitLog = createUnitLog(path.join(options.logDir, `${functionName}.log`));
  const day = new Date(now()).toISOString().slice(0, 10).replaceAll("-", "/");
  const logStream = `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
  const line = (text: string): void => {
    file.write(text);
    options.onLogLine({ functionName, logGroup, logStream, timeMs: now(), line: text });
  };
  return {
    logStream,
    line,
    start: (requestId) => line(`START RequestId: ${requestId} Version: $LATEST`),
    end: (report) => {
      line(`END RequestId: ${report.requestId}`);
      line(reportLine(report));
    },
  };
}

function reportLine(report: Report): string {
  return [
    `REPORT RequestId: ${report.requestId}`,
    `Duration: ${report.durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(report.durationMs + (report.initMs ?? 0))} ms`,
    `Memory Size: ${report.memoryMb} MB`,
    `Max Memory Used: ${Math.round(report.peakMemoryBytes / bytesPerMb)} MB`,
    ...(report.initMs === undefined ? [] : [`Init Duration: ${report.initMs.toFixed(2)} ms`]),
    ...(report.status === "success" ? [] : [`Status: ${report.status}`]),
    ...(report.errorType === undefined ? [] : [`Error Type: ${report.errorType}`]),
  ].join("\t");
}
