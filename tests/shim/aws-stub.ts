import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type AwsStub = {
  readonly environment: Record<string, string>;
  readonly objects: Map<string, string>;
  close(): Promise<void>;
};

/** The two calls that a shim makes of AWS: where the brokers are, and one object to read and write. */
export async function startAwsStub(brokers: string): Promise<AwsStub> {
  const objects = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const { method, url = "/" } = request;
    if (url.includes("/bootstrap-brokers")) {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ bootstrapBrokerString: brokers }));
    }
    const key = new URL(url, "http://127.0.0.1").pathname;
    if (method === "PUT") {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      objects.set(key, Buffer.concat(parts).toString("utf8"));
      return response.writeHead(200, { etag: '"1"' }).end();
    }
    const body = objects.get(key);
    if (body !== undefined) return response.writeHead(200).end(body);
    response.writeHead(404, { "content-type": "application/xml" });
    return response.end("<Error><Code>NoSuchKey</Code><Message>no</Message></Error>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    objects,
    environment: {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_ENDPOINT_URL_KAFKA: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      // A stub computes no checksums.
      AWS_REQUEST_CHECKSUM_CALCULATION: "WHEN_REQUIRED",
      AWS_RESPONSE_CHECKSUM_VALIDATION: "WHEN_REQUIRED",
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
