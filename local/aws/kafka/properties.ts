/** A Java properties text as MSK takes it: `key=value` lines, `#` comments. Throws on a line that is neither. */
export function parseProperties(text: string): Readonly<Record<string, string>> {
  const lines = text.split("\n").map((line) => line.trim());
  return Object.fromEntries(
    lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const at = line.indexOf("=");
        if (at < 1) throw new Error(`Not a property: ${line}`);
        return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
      }),
  );
}
