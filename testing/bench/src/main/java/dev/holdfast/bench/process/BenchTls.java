package dev.holdfast.bench.process;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;

/**
 * The TLS configuration of a run: the JDK's TLS with an EC P-256 certificate made by keytool.
 * Clients do full handshakes and trust any certificate, because all traffic is on loopback.
 */
public final class BenchTls {
  /** The password of the key store. The key is made for one run and protects nothing. */
  private static final String PASSWORD = "of-one-run";

  private static final long PATIENCE_SECONDS = 180;

  private BenchTls() {}

  /** A key and its certificate in a new file. */
  public static Path newKey(Path folder) throws IOException, InterruptedException {
    Path file = folder.resolve("server.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command =
        List.of(
            keytool,
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-dname",
            "CN=localhost",
            "-ext",
            "SAN=dns:localhost,ip:127.0.0.1",
            "-validity",
            "2",
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD,
            "-keystore",
            file.toString());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(keytool + " made no key");
    }
    return file;
  }

  /** A key and its certificate as PEM, each in a file of its own. */
  public record Pem(Path certificate, Path key) {}

  /** Writes the key and its certificate as PEM files to a folder. */
  public static Pem pem(Path key, Path folder) throws IOException {
    Pem pem = new Pem(folder.resolve("server.crt"), folder.resolve("server.key"));
    writePem(key, pem.certificate(), pem.key());
    return pem;
  }

  /** Writes the key and its certificate as PEM, for programs that are not written in Java. */
  public static void writePem(Path key, Path certificate, Path privateKey) throws IOException {
    try (InputStream in = Files.newInputStream(key)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      String alias = store.aliases().nextElement();
      Files.writeString(certificate, pem("CERTIFICATE", store.getCertificate(alias).getEncoded()));
      byte[] secret = store.getKey(alias, PASSWORD.toCharArray()).getEncoded();
      Files.writeString(privateKey, pem("PRIVATE KEY", secret));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(key + " is no key", e);
    }
  }

  private static String pem(String what, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN %s-----%n%s%n-----END %1$s-----%n".formatted(what, text);
  }

  public static NettyServerBuilder secure(NettyServerBuilder server, Path key) {
    try (InputStream in = Files.newInputStream(key)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, PASSWORD.toCharArray());
      return server.sslContext(
          GrpcSslContexts.configure(SslContextBuilder.forServer(keys), SslProvider.JDK).build());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(key + " is no key", e);
    }
  }

  public static NettyChannelBuilder secure(NettyChannelBuilder channel, boolean tls) {
    return tls
        ? channel.sslContext(Client.CONTEXT).overrideAuthority("localhost")
        : channel.usePlaintext();
  }

  /** The TLS context that all channels of a process share, created on first use. */
  private static final class Client {
    static final io.netty.handler.ssl.SslContext CONTEXT = context();

    private static io.netty.handler.ssl.SslContext context() {
      try {
        return GrpcSslContexts.configure(
                SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE),
                SslProvider.JDK)
            .build();
      } catch (SSLException e) {
        throw new IllegalStateException("no TLS", e);
      }
    }
  }
}
