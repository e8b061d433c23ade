package dev.holdfast.registry.etcd;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A certificate authority in a folder, made with openssl. */
final class Certificates {
  private final Path folder;
  private int serial = 1;

  /** A certificate and its PKCS#8 key. */
  record Pair(Path cert, Path key) {}

  Certificates(Path folder) throws IOException {
    this.folder = folder;
    Files.writeString(
        folder.resolve("extensions"),
        """
        subjectAltName=IP:127.0.0.1,DNS:localhost
        extendedKeyUsage=serverAuth,clientAuth
        basicConstraints=CA:FALSE
        """);
    openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test-ca",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt");
    warmUp();
  }

  /**
   * The first certificate that a JVM reads takes seconds on a busy machine, and a registry gives
   * its files five.
   */
  private void warmUp() throws IOException {
    var unused = SslContextBuilder.forClient().trustManager(ca().toFile()).build();
  }

  Path ca() {
    return folder.resolve("ca.crt");
  }

  /** A certificate for 127.0.0.1 that ends this many days from now, or ended before. */
  Pair issue(String name, int days) throws IOException {
    openssl(
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=" + name,
        "-keyout",
        name + ".key",
        "-out",
        name + ".csr");
    openssl(
        "x509",
        "-req",
        "-in",
        name + ".csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-set_serial",
        String.valueOf(++serial),
        "-days",
        String.valueOf(days),
        "-extfile",
        "extensions",
        "-out",
        name + ".crt");
    return new Pair(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
  }

  private void openssl(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.log").toFile())
            .start();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException(
            String.join(" ", command) + ": " + Files.readString(folder.resolve("openssl.log")));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
