import { AwsError } from "../service.ts";

/** What `sparkSubmitParameters` and the spark-defaults classification ask for. */
export type SubmitParameters = {
  readonly conf: Readonly<Record<string, string>>;
  readonly pyFiles: readonly string[];
  readonly jars: readonly string[];
};

/**
 * Reads the one string as EMR Serverless does: split at blanks, no shell, so a quote is part of the value. An option that
 * nothing here honours is refused rather than lost.
 */
export function parseSubmitParameters(text: string): SubmitParameters {
  const tokens = text.split(/\s+/).filter((token) => token !== "");
  const conf: Record<string, string> = {};
  const lists = { "--py-files": [] as string[], "--jars": [] as string[] };
  for (let index = 0; index < tokens.length; index += 1) {
    const option = tokens[index] ?? "";
    const value = tokens[index + 1];
    if (value === undefined) throw refuse(`${option} has no value`);
    index += 1;
    if (option === "--conf") {
      const [key, setting] = pair(value);
      conf[key] = setting;
    } else if (option === "--py-files" || option === "--jars") {
      lists[option].push(...commaList(value));
    } else {
      throw refuse(`${option} has no local counterpart`);
    }
  }
  return {
    conf,
    pyFiles: [...lists["--py-files"], ...commaList(conf["spark.submit.pyFiles"] ?? "")],
    jars: [...lists["--jars"], ...commaList(conf["spark.jars"] ?? "")],
  };
}

function pair(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw refuse(`--conf ${text} is not key=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

const commaList = (text: string): string[] => text.split(",").filter((item) => item !== "");

const refuse = (message: string): AwsError => new AwsError("ValidationException", `sparkSubmitParameters: ${message}`);
