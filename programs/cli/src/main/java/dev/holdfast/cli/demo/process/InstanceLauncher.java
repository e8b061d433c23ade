package dev.holdfast.cli.demo.process;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.lab.process.JavaCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The launcher of instances, with the Java and the class path of this process.
 *
 * <p>Instances live for seconds, so they are made to start fast: the C1 compiler only, a small
 * heap, and the class data archive of this process when it has one.
 */
public final class InstanceLauncher {
  private static final List<String> FAST_START =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          // More than they load: growing past the default costs a full collection while they start.
          "-XX:MetaspaceSize=64m",
          "-Xms16m",
          "-Xmx64m",
          "-Xss512k");

  private final RegistryUri registry;
  private final ServiceName service;
  private final Path logs;
  private final ScrapeTargets scrapeTargets;
  private final DemoAdmin admin;

  /**
   * @param service relative to the registry's namespace
   * @param logs an existing directory for the log of each instance
   * @param scrapeTargets where each instance adds itself
   * @param admin the admin service that each instance has
   */
  public InstanceLauncher(
      RegistryUri registry,
      ServiceName service,
      Path logs,
      ScrapeTargets scrapeTargets,
      DemoAdmin admin) {
    this.registry = registry;
    this.service = service;
    this.logs = logs;
    this.scrapeTargets = scrapeTargets;
    this.admin = admin;
  }

  /** Starts an instance; it is not ready yet when this returns. */
  public InstanceProcess launch(String name) throws IOException {
    return InstanceProcess.start(name, command(name), logs.resolve(name + ".log"));
  }

  private List<String> command(String name) {
    List<String> jvm = new ArrayList<>(FAST_START);
    jvm.addAll(scrapeTargets.jvmOptions(name));
    jvm.addAll(admin.jvmOptions());
    return command(jvm, InstanceMain.class, List.of(DemoTarget.of(registry, service), name));
  }

  /**
   * The command line of a process with the Java, class path and archive of this one.
   *
   * @param jvm its own flags
   */
  public static List<String> command(List<String> jvm, Class<?> main, List<String> arguments) {
    List<String> options = new ArrayList<>(jvm);
    options.addAll(sharedArchive());
    options.add("-Dholdfast.log.level=INFO");
    return JavaCommand.of(main, options, arguments);
  }

  /** The archive of this process, taken from its own command line as the launcher wrote it. */
  private static List<String> sharedArchive() {
    String[] own = ProcessHandle.current().info().arguments().orElse(new String[0]);
    List<String> flags = new ArrayList<>();
    for (String argument : own) {
      if (argument.startsWith("-XX:SharedArchiveFile=")) {
        flags.add(argument);
        flags.add("-Xshare:auto");
        flags.add("-Xlog:disable");
      }
    }
    return flags;
  }
}
