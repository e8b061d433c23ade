package dev.holdfast.cli.demo.process;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.core.HostPort;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.grpc.internal.admin.ProcessAdminServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * The admin services of a run's instances, with a token that only this run knows.
 *
 * @param tokenFile the file with the token, which its owner alone can read
 */
public record DemoAdmin(Path tokenFile) {
  private static final String PROPERTY = "holdfast.demo.admin-token-file";
  private static final int TOKEN_BYTES = 24;

  /** Writes a random token into a folder of the run. */
  static DemoAdmin in(Path folder) throws IOException {
    byte[] random = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(random);
    Path file = folder.resolve("admin.token");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return new DemoAdmin(Files.writeString(file, HexFormat.of().formatHex(random)));
  }

  /** Starts the admin service of this process, which shows the connections that come after. */
  public HostPort startHere() throws IOException {
    InetSocketAddress address = ProcessAdminServer.start(options(tokenFile)).address();
    return new HostPort(address.getAddress().getHostAddress(), address.getPort());
  }

  private static AdminOptions options(Path tokenFile) {
    return AdminOptions.loopback().withTokenFile(tokenFile);
  }

  /** The flags of an instance's JVM that make {@link #asChild} add the admin service. */
  public List<String> jvmOptions() {
    return List.of("-D" + PROPERTY + "=" + tokenFile);
  }

  /** Adds the admin service in an instance that was started with {@link #jvmOptions}. */
  public static HoldfastServerBuilder asChild(HoldfastServerBuilder builder) {
    String file = System.getProperty(PROPERTY, "");
    return file.isEmpty() ? builder : builder.admin(options(Path.of(file)));
  }

  /** The token. */
  String token() throws IOException {
    return Files.readString(tokenFile, StandardCharsets.US_ASCII);
  }
}
