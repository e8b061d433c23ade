package dev.holdfast.admin;

import dev.holdfast.core.Clock;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of the admin service of a process: where it listens, and who may read.
 *
 * <p>On loopback every local reader is let in, unless a token is configured. On any other address a
 * token or client certificates are needed, and the service does not start without.
 *
 * @param host an IP literal or a host name
 * @param port 0 to 65,535; 0 for a free one
 * @param tokenFile a file whose content readers must present
 * @param tls certificates; empty for plaintext
 */
public record AdminOptions(
    String host, int port, Optional<Path> tokenFile, Optional<AdminTls> tls) {
  /** The variable with the address of the admin service: {@code on}, {@code off} or host:port. */
  public static final String VARIABLE = "HOLDFAST_ADMIN";

  /** The variable that names the file with the token of readers. */
  public static final String TOKEN_FILE_VARIABLE = "HOLDFAST_ADMIN_TOKEN_FILE";

  /** The variable that names the file with the certificate of the admin service. */
  public static final String CERT_FILE_VARIABLE = "HOLDFAST_ADMIN_CERT_FILE";

  /** The variable that names the file with the private key of the admin service. */
  public static final String KEY_FILE_VARIABLE = "HOLDFAST_ADMIN_KEY_FILE";

  /** The variable that names the file with the authorities of the certificates of readers. */
  public static final String CLIENT_CA_FILE_VARIABLE = "HOLDFAST_ADMIN_CLIENT_CA_FILE";

  @Limit(of = "a file with the token of the admin service", then = "a larger one is refused")
  static final int MAX_TOKEN_FILE_BYTES = 4_096;

  private static final int LEAST_TOKEN_CHARACTERS = 16;
  private static final int LARGEST_PORT = 65_535;
  private static final String LOOPBACK = "127.0.0.1";
  private static final String FREE_PORT = ":0";

  /**
   * The certificates of an admin service with mutual TLS, as PEM files.
   *
   * @param clientCa the authorities of the certificates that readers must present
   */
  public record AdminTls(Path certificate, Path key, Path clientCa) {}

  public AdminOptions {
    if (port < 0 || port > LARGEST_PORT) {
      throw new IllegalArgumentException(
          "admin: port " + port + " (expected: 0 to " + LARGEST_PORT + ")");
    }
  }

  /** A free port of loopback, open to every local reader. */
  public static AdminOptions loopback() {
    return new AdminOptions(LOOPBACK, 0, Optional.empty(), Optional.empty());
  }

  /**
   * An address, as host:port; port 0 for a free one.
   *
   * @throws IllegalArgumentException when it is malformed
   */
  public static AdminOptions at(String address) {
    boolean free = address.endsWith(FREE_PORT);
    HostPort parsed =
        HostPort.parse(
            free ? address.substring(0, address.length() - FREE_PORT.length()) + ":1" : address);
    return new AdminOptions(
        parsed.host(), free ? 0 : parsed.port(), Optional.empty(), Optional.empty());
  }

  /**
   * The options that the environment has; empty when it has none, or says {@code off}.
   *
   * @throws IllegalArgumentException naming the variable and what was expected
   */
  public static Optional<AdminOptions> ofEnvironment(Map<String, String> environment) {
    String value = environment.getOrDefault(VARIABLE, "");
    if (value.isEmpty() || value.equals("off")) {
      return Optional.empty();
    }
    AdminOptions options;
    try {
      options = value.equals("on") ? loopback() : at(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          VARIABLE + ": " + value + " (expected: on, off or host:port)", e);
    }
    String token = environment.getOrDefault(TOKEN_FILE_VARIABLE, "");
    if (!token.isEmpty()) {
      options = options.withTokenFile(path(TOKEN_FILE_VARIABLE, token));
    }
    List<String> names = List.of(CERT_FILE_VARIABLE, KEY_FILE_VARIABLE, CLIENT_CA_FILE_VARIABLE);
    List<String> files = names.stream().filter(n -> isSet(environment, n)).toList();
    if (!files.isEmpty() && files.size() < names.size()) {
      throw new IllegalArgumentException(
          files.get(0) + ": set alone (expected: all of " + String.join(", ", names) + ")");
    }
    return Optional.of(
        files.isEmpty()
            ? options
            : options.withMutualTls(
                path(names.get(0), environment.getOrDefault(names.get(0), "")),
                path(names.get(1), environment.getOrDefault(names.get(1), "")),
                path(names.get(2), environment.getOrDefault(names.get(2), ""))));
  }

  /**
   * Readers must present the content of this file, at least 16 characters. It is read for each
   * request, so that it can be changed without a restart.
   */
  public AdminOptions withTokenFile(Path file) {
    return new AdminOptions(host, port, Optional.of(file), tls);
  }

  /** TLS, and readers must present a certificate of these authorities; all are PEM files. */
  public AdminOptions withMutualTls(Path certificate, Path key, Path clientCa) {
    return new AdminOptions(
        host, port, tokenFile, Optional.of(new AdminTls(certificate, key, clientCa)));
  }

  /**
   * The address to listen at. Looks up a host name, so it may block.
   *
   * @throws IllegalArgumentException when everyone on the network could read there, or when the
   *     token can't be used
   */
  public InetSocketAddress listenAddress() {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("admin: " + host + " (expected: a host that is known)");
    }
    if (!address.getAddress().isLoopbackAddress() && tokenFile.isEmpty() && tls.isEmpty()) {
      throw new IllegalArgumentException(
          "admin: "
              + host
              + ":"
              + port
              + " without a token and without client certificates (expected: one of them, or a"
              + " loopback address)");
    }
    var unused = token();
    return address;
  }

  /**
   * The credentials of the service's socket.
   *
   * @throws IllegalArgumentException when a file can't be read or is no PEM file
   */
  public ServerCredentials credentials() {
    if (tls.isEmpty()) {
      return InsecureServerCredentials.create();
    }
    AdminTls files = tls.get();
    try {
      return TlsServerCredentials.newBuilder()
          .keyManager(files.certificate().toFile(), files.key().toFile())
          .trustManager(files.clientCa().toFile())
          .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
          .build();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "admin: " + IoErrorText.of(e) + " (expected: readable PEM files)", e);
    }
  }

  /** The interceptor that lets readers in. */
  public ServerInterceptor access() {
    return new AdminAccess(this::token, Clock.system());
  }

  /** Reads the token, without white space at its ends. */
  private Optional<String> token() {
    if (tokenFile.isEmpty()) {
      return Optional.empty();
    }
    Path file = tokenFile.get();
    byte[] content;
    try (InputStream in = Files.newInputStream(file)) {
      content = in.readNBytes(MAX_TOKEN_FILE_BYTES + 1);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "admin token: " + file + ": " + IoErrorText.of(e) + " (expected: a readable file)", e);
    }
    String token = new String(content, StandardCharsets.UTF_8).strip();
    if (content.length > MAX_TOKEN_FILE_BYTES || token.length() < LEAST_TOKEN_CHARACTERS) {
      throw new IllegalArgumentException(
          "admin token: "
              + file
              + " (expected: "
              + LEAST_TOKEN_CHARACTERS
              + " characters or more, at most "
              + MAX_TOKEN_FILE_BYTES
              + " bytes)");
    }
    return Optional.of(token);
  }

  private static boolean isSet(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isEmpty();
  }

  private static Path path(String variable, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(variable + ": " + text + " (expected: a path)", e);
    }
  }
}
