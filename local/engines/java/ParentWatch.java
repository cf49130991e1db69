package wikilake;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/**
 * Ends an engine when the program that started it is gone, killed -9 included. Stands in front of the engine's own
 * main class, its first argument; a program that has to be its own main class takes it as a Java agent. The starter holds the other end of standard input and never writes to it, so end of file means that it died.
 */
public final class ParentWatch {
  /** Time for an orderly shutdown before the process is cut off: Kafka needs 1-3 s to close its logs. */
  private static final long GRACE_MILLIS = 15_000;

  private ParentWatch() {}

  public static void premain(String arguments) {
    begin();
  }

  public static void main(String[] arguments) throws Throwable {
    begin();
    String[] rest = new String[arguments.length - 1];
    System.arraycopy(arguments, 1, rest, 0, rest.length);
    Method program = Class.forName(arguments[0]).getMethod("main", String[].class);
    try {
      program.invoke(null, (Object) rest);
    } catch (InvocationTargetException failed) {
      throw failed.getCause();
    }
  }

  private static void begin() {
    Thread watch = new Thread(ParentWatch::untilParentIsGone, "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private static void untilParentIsGone() {
    try {
      while (System.in.read() >= 0) {
        // Nothing is ever sent; whatever arrives is ignored.
      }
    } catch (IOException closed) {
      // A broken pipe says the same as end of file.
    }
    Thread exit = new Thread(() -> System.exit(143), "parent-is-gone");
    exit.setDaemon(true);
    exit.start();
    try {
      Thread.sleep(GRACE_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(143);
  }
}
