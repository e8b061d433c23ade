package dev.holdfast.bench.spring;

import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.process.OwnJars;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The Spring Boot applications of {@code testing/interop/spring}, built by Maven with a release of
 * Boot. A build is kept in {@code .holdfast} and used again while its sources are the same.
 */
public final class BootPrograms {
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("mvn", "maven"));

  private static final String SOURCES = "testing/interop/spring";
  private static final String STARTER = "starter";
  private static final String DONE = "done";
  private static final long BUILD_LIMIT_S = 600;

  /** The jars that a program gets by naming the starter and the registry as dependencies. */
  private static final List<String> OURS =
      List.of(
          "spring-boot-starter",
          "admin",
          "core",
          "hooks",
          "grpc",
          "liveness",
          "streams",
          "registry-etcd",
          "registry-kubernetes",
          "registry-dns",
          "registry-file");

  private static final List<String> FAST_START =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx192m");

  /** The applications. */
  public enum Application {
    SERVER("dev.holdfast.interop.spring.server.OrdersServer"),
    CLIENT("dev.holdfast.interop.spring.client.OrdersClient");

    private final String main;

    Application(String main) {
      this.main = main;
    }

    private String module() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Path built;

  private BootPrograms(Path built) {
    this.built = built;
  }

  /**
   * Builds the applications.
   *
   * @param boot the release of Spring Boot
   * @param scratch for Maven's output
   */
  public static BootPrograms build(String boot, Path scratch)
      throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Path sources = root.resolve(SOURCES);
    Path folder = Files.createDirectories(root.resolve(".holdfast/interop/spring"));
    Path built = Files.createDirectories(folder.resolve(boot + "-" + digest(sources)));
    try (FileChannel channel =
            FileChannel.open(
                built.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      BootPrograms programs = new BootPrograms(built);
      if (!lock.isValid() || !programs.isComplete()) {
        Files.deleteIfExists(built.resolve(DONE));
        ExternalCommand.said(
            List.of(
                TOOLS.get(0).path(),
                "-B",
                "-q",
                "-ntp",
                "-f",
                sources.resolve("pom.xml").toString(),
                "-Dboot=" + boot,
                "-Dout=" + built,
                "package"),
            scratch,
            scratch.resolve("maven-" + boot),
            BUILD_LIMIT_S);
        Files.writeString(built.resolve(DONE), boot);
      }
      return programs;
    }
  }

  /**
   * The command line of an application.
   *
   * @param starter whether Holdfast's starter is on its class path
   * @param java the {@code java} of its JVM
   * @param jvmOptions in addition to those for a fast start, which all have
   * @param properties of Spring, as {@code name=value}
   */
  public List<String> command(
      Application application,
      boolean starter,
      Path java,
      List<String> jvmOptions,
      List<String> properties)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(FAST_START);
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", classPath(application, starter), application.main));
    properties.forEach(property -> command.add("--" + property));
    return command;
  }

  private String classPath(Application application, boolean starter) throws IOException {
    Set<String> entries = new LinkedHashSet<>();
    entries.add(module(application.module()).resolve(jar(application.module())).toString());
    if (starter) {
      entries.addAll(List.of(OwnJars.classPath(OURS).split(File.pathSeparator, -1)));
    }
    entries.addAll(libraries(application.module()));
    if (starter) {
      entries.addAll(libraries(STARTER));
    }
    return String.join(File.pathSeparator, entries);
  }

  private boolean isComplete() throws IOException {
    if (!Files.exists(built.resolve(DONE))) {
      return false;
    }
    List<String> entries = new ArrayList<>(libraries(STARTER));
    for (Application application : Application.values()) {
      entries.addAll(libraries(application.module()));
    }
    return entries.stream().allMatch(entry -> Files.exists(Path.of(entry)));
  }

  private List<String> libraries(String module) throws IOException {
    String path = Files.readString(module(module).resolve("class-path")).strip();
    return List.of(path.split(File.pathSeparator, -1));
  }

  private Path module(String name) {
    return built.resolve("orders-" + name);
  }

  private static String jar(String module) {
    return "orders-" + module + "-1.jar";
  }

  /** A digest of all files, by which a build of other sources is another one. */
  private static String digest(Path sources) throws IOException {
    try (Stream<Path> all = Files.walk(sources)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        if (!sources.relativize(file).toString().contains("target" + File.separator)) {
          digest.update(sources.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
          digest.update(Files.readAllBytes(file));
        }
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
