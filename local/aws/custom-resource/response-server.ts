import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

const responseSchema = z.object({
  Status: z.enum(["SUCCESS", "FAILED"]),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().min(1).max(1024),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  NoEcho: z.boolean().optional(),
  Data: z.record(z.string(), z.unknown()).optional(),
});
export type CustomResourceResponse = z.infer<typeof responseSchema>;

/** Takes the answers that custom resources PUT to their ResponseURL. */
export type ResponseServer = {
  /** A fresh address; `answer` resolves with what is PUT there, or rejects with what is wrong with it. */
  expect(): { readonly url: string; readonly answer: Promise<CustomResourceResponse>; forget(): void };
  close(): Promise<void>;
};

/** CloudFormation refuses a longer answer. */
const maxAnswerBytes = 4096;

type Waiting = {
  readonly resolve: (response: CustomResourceResponse) => void;
  readonly reject: (error: Error) => void;
};

/** Listens on a free loopback port. */
export async function startResponseServer(): Promise<ResponseServer> {
  const waiting = new Map<string, Waiting>();
  const server = createServer((request, response) => void receive(request, response, waiting));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    expect: () => {
      const path = `/${randomUUID()}`;
      const answer = new Promise<CustomResourceResponse>((resolve, reject) => waiting.set(path, { resolve, reject }));
      return { url: `http://127.0.0.1:${port}${path}`, answer, forget: () => void waiting.delete(path) };
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  waiting: Map<string, Waiting>,
): Promise<void> {
  const entry = waiting.get(request.url ?? "");
  if (entry === undefined || request.method !== "PUT") {
    response.writeHead(403).end();
    return;
  }
  waiting.delete(request.url ?? "");
  try {
    entry.resolve(parse(await bodyOf(request)));
  } catch (error) {
    entry.reject(error instanceof Error ? error : new Error(String(error)));
  }
  response.writeHead(200).end();
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes <= maxAnswerBytes) chunks.push(part);
  }
  if (bytes > maxAnswerBytes) throw new Error(`Response object is too long (${bytes} bytes; 4096 at most).`);
  return Buffer.concat(chunks).toString("utf8");
}

function parse(body: string): CustomResourceResponse {
  const parsed = responseSchema.safeParse(JSON.parse(body));
  if (parsed.success) return parsed.data;
  throw new Error(`Invalid response object: ${z.prettifyError(parsed.error)}`);
}
