// Loaded into a task before its own program: when the runtime is gone without a word the task is told to end.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
