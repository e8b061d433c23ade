package dev.holdfast.cli;

import dev.holdfast.cli.output.JsonLine;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;

/**
 * The {@code version} command, which prints the versions of the program and of its Java runtime.
 */
@Command(name = "version", description = "Show the version of the program and of its Java.")
public final class VersionCommand implements Callable<Integer>, IVersionProvider {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    String version = number();
    common
        .commandContext()
        .out()
        .println(
            common.json()
                ? JsonLine.object()
                    .with("version", version)
                    .with("java", System.getProperty("java.version"))
                    .with("os", System.getProperty("os.name"))
                    .with("arch", System.getProperty("os.arch"))
                    .toString()
                : getVersion()[0]);
    return ExitCode.OK;
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "holdfast "
          + number()
          + " (Java "
          + System.getProperty("java.version")
          + ", "
          + System.getProperty("os.name")
          + " "
          + System.getProperty("os.arch")
          + ")"
    };
  }

  /** The version of the program, which Maven writes into the resource when it builds. */
  public static String number() {
    Properties properties = new Properties();
    try (InputStream in = VersionCommand.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        throw new IllegalStateException("version.properties: missing in the jar of the program");
      }
      properties.load(in);
    } catch (IOException e) {
      throw new IllegalStateException("version.properties: can't be read", e);
    }
    return properties.getProperty("version");
  }
}
