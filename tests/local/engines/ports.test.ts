import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { choosePorts, isPortFree } from "../../../local/engines/run/ports.ts";

test("as many different ports as asked for, none of them taken", async () => {
  const taken = new Set([20_000, 20_001]);
  const rolls = [0, 0, 1, 2, 2, 3].map((step) => step / 12_000);
  const deps = { isFree: async (port: number) => !taken.has(port), random: () => rolls.shift() ?? 0.5 };
  expect(await choosePorts(2, deps)).toEqual([20_002, 20_003]);
});

test("an end to the looking when nothing is free", async () => {
  const deps = { isFree: async () => false, random: Math.random };
  await expect(choosePorts(1, deps)).rejects.toMatchObject({ code: "NO_FREE_PORT" });
});

test("a port that something listens on is not free, on whichever interface", async () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, () => resolve()));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  }
});
