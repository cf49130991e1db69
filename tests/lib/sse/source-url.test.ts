import { expect, test } from "@jest/globals";
import { checkSourceUrl } from "../../../lib/sse/source-url.ts";

test.each([
  "https://stream.wikimedia.org/v2/stream/recentchange",
  "http://127.0.0.1:8080/v2/stream/recentchange",
  "http://localhost:1/",
  "http://[::1]:9/",
])("%s may be asked", (url) => {
  expect(checkSourceUrl(url).href).toBe(new URL(url).href);
});

test.each([
  "http://stream.wikimedia.org/v2/stream/recentchange",
  "https://stream.wikimedia.org.evil.example/",
  "https://stream.wikimedia.org:8443/",
  "https://user:password@stream.wikimedia.org/",
  "http://169.254.169.254/latest/meta-data",
  "http://127.0.0.1.evil.example/",
  "http://10.0.0.1/",
  "https://127.0.0.1/",
  "ftp://127.0.0.1/",
  "no url",
])("%s is refused", (url) => {
  expect(() => checkSourceUrl(url)).toThrow(expect.objectContaining({ code: "SOURCE_URL_REFUSED", retriable: false }));
});
