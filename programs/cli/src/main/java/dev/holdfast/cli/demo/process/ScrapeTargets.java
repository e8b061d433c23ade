package dev.holdfast.cli.demo.process;

import dev.holdfast.cli.control.ProcessMeters;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.gateway.admin.MetricsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The folder with the scrape targets of a demo, as {@code file_sd_configs} of Prometheus reads it.
 * Each process of the demo serves its meters on a loopback port of its own and has a file there.
 * Without a folder nothing is served.
 */
public final class ScrapeTargets {
  private static final String FOLDER_PROPERTY = "holdfast.demo.scrape-targets";
  private static final String NAME_PROPERTY = "holdfast.demo.name";

  private final Optional<Path> folder;

  private ScrapeTargets(Optional<Path> folder) {
    this.folder = folder;
  }

  /** No targets. */
  public static ScrapeTargets none() {
    return new ScrapeTargets(Optional.empty());
  }

  /** Targets in an existing folder. */
  public static ScrapeTargets in(Path folder) {
    return new ScrapeTargets(Optional.of(folder.toAbsolutePath()));
  }

  /** Whether processes serve their meters. */
  public boolean isEnabled() {
    return folder.isPresent();
  }

  /** The JVM options with which a child process calls {@link #serveAsChild}. */
  public List<String> jvmOptions(String name) {
    return folder
        .map(
            path -> List.of("-D" + FOLDER_PROPERTY + "=" + path, "-D" + NAME_PROPERTY + "=" + name))
        .orElse(List.of());
  }

  /** Serves the meters of this process if its parent asked for it, until the process ends. */
  public static void serveAsChild() throws IOException {
    String folder = System.getProperty(FOLDER_PROPERTY);
    if (folder != null) {
      var unused = in(Path.of(folder)).serve(System.getProperty(NAME_PROPERTY, "child"));
    }
  }

  /**
   * Serves the meters of this process from now on, if there is a folder.
   *
   * @param name of the process within the demo
   */
  public AutoCloseable serve(String name) throws IOException {
    if (folder.isEmpty()) {
      return () -> {};
    }
    ProcessMeters meters = ProcessMeters.open();
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    MetricsServer server =
        MetricsServer.of(new InetSocketAddress(loopback, 0), Optional::empty, meters.registry());
    add(name, server.address().getPort());
    return () -> {
      server.close();
      meters.close();
    };
  }

  /** Adds a process that serves its meters itself, if there is a folder. */
  public void add(String name, int port) throws IOException {
    if (folder.isPresent()) {
      String target =
          JsonLine.object()
              .with("targets", List.of("127.0.0.1:" + port))
              .with("labels", Map.of("process", name))
              .toString();
      // At once: nobody reads half a file.
      Path next = folder.get().resolve(name + ".next");
      Files.writeString(next, "[" + target + "]\n");
      Files.move(next, folder.get().resolve(name + ".json"), StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
