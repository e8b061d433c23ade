package dev.holdfast.lab.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of a child process with the Java and the class path of this JVM. */
public final class JavaCommand {
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
