/** Longest pattern that a person still reads, and that keeps the estimate below honest. */
const maxLength = 200;
/** Summaries end at 500 characters: what an open repetition can run over. */
const longestText = 500;
/** Steps in the worst case. A cycle tries some 20 patterns on 20,000 summaries: more than this would be felt. */
const maxSteps = 2_000_000;

/** One thing that matches one character, and how often it may repeat. `group` marks brackets and `|`. */
type Token = { readonly kind: "atom" | "open" | "close" | "bar"; readonly text: string; min: number; max: number };

/**
 * Why `source` must not be used, or undefined. Accepted is what RE2, Java and JavaScript read alike and none of them can
 * be made slow with: no look-around, no back-reference, no flags, no letter escapes, no repeated group.
 */
export function problemOfRegex(source: string): string | undefined {
  if (source.length > maxLength) return `longer than ${maxLength} characters`;
  const form = problemOfForm(source);
  if (form !== undefined) return form;
  try {
    new RegExp(source, "u");
  } catch (error) {
    return error instanceof Error ? error.message : "does not compile";
  }
  const tokens = tokensOf(source);
  if (tokens.some(({ kind, max }) => kind === "close" && max > 1))
    return "a group is repeated: it could be matched in very many ways (nested quantifiers)";
  const steps = worstSteps(tokens, source.startsWith("^"));
  return steps > maxSteps ? `could take ${steps.toExponential(0)} steps on one text, limit the repetitions` : undefined;
}

function problemOfForm(source: string): string | undefined {
  if (/\\[1-9k]/.test(source)) return "a back-reference";
  if (/\(\?[=!]|\(\?<[=!]/.test(source)) return "look-around";
  if (/\(\?(?!:)/.test(source)) return "a flag or a named group";
  const escaped = /\\([\p{L}\p{N}])/u.exec(source);
  if (escaped) return `the escape \\${escaped[1]} is read differently by the engines, write a class`;
  if (/[*+?}][+?]/.test(source)) return "a lazy or possessive quantifier";
  // The SQL that the pattern becomes part of knows these words.
  if (source.includes("${")) return "the text ${";
  return undefined;
}

const tokenPattern = /(\\.|\[(?:\\.|[^\]\\])+\]|\(\?:|[()|]|[^\\[\]()|*+?{}])(\*|\+|\?|\{\d+(?:,\d*)?\})?/gsu;

function tokensOf(source: string): Token[] {
  return [...source.matchAll(tokenPattern)].map(([, text = "", quantifier = ""]) => {
    const [min, max] = rangeOf(quantifier);
    const kind = text.startsWith("(") ? "open" : text === ")" ? "close" : text === "|" ? "bar" : "atom";
    return { kind, text, min, max };
  });
}

function rangeOf(quantifier: string): readonly [number, number] {
  if (quantifier === "") return [1, 1];
  if (quantifier === "?") return [0, 1];
  if (quantifier === "*") return [0, longestText];
  if (quantifier === "+") return [1, longestText];
  const [from = "1", to] = quantifier.slice(1, -1).split(",");
  return [Number(from), to === undefined ? Number(from) : to === "" ? longestText : Number(to)];
}

/** Starting points times the choices of each repetition. */
function worstSteps(tokens: readonly Token[], isAnchored: boolean): number {
  const choices = tokens.map((token, index) => (token.kind === "atom" ? choicesOf(token, tokens, index + 1) : 1));
  return choices.reduce((product, count) => product * count, isAnchored ? 1 : longestText);
}

/** 1 when the repetition cannot run into what must follow it, or nothing follows: it ends where it ends. */
function choicesOf(token: Token, tokens: readonly Token[], from: number): number {
  let at = from;
  while (tokens[at]?.kind === "close") at += 1;
  const next = tokens[at];
  const isCertain = next === undefined || (next.kind === "atom" && next.min > 0 && areDisjoint(token.text, next.text));
  return isCertain ? 1 : Math.max(1, token.max - token.min);
}

/** Characters that tell classes apart; two atoms that both take one of them are taken to overlap. */
const probes = [..."abzABZ0123456789 _-.,:;!?()[]{}|/\\*+#'\"<>@&=%~^$éяЯ版判글עا۱ก№×：。（"];

function areDisjoint(left: string, right: string): boolean {
  const [first, second] = [new RegExp(`^${left}$`, "u"), new RegExp(`^${right}$`, "u")];
  const literals = [left, right].filter((text) => [...text].length === 1);
  return ![...probes, ...literals].some((char) => first.test(char) && second.test(char));
}
