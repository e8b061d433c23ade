package dev.holdfast.lab.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of a child process with the Java and the class path of this JVM. */
public final class JavaCommand {
  /**
   * The options of a JVM that lives for a short test: the fast compiler alone, and no verification
   * of what the compiler wrote, which is a fifth of what a JVM takes to start.
   */
  public static final List<String> FAST_START =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:-BytecodeVerificationRemote");

  private JavaCommand() {}

  /**
   * The command line of a program.
   *
   * @param program the class with the main method
   * @param jvmOptions such as {@code -Xmx256m}
   * @param arguments of the program
   */
  public static List<String> of(Class<?> program, List<String> jvmOptions, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(arguments);
    return command;
  }
}
