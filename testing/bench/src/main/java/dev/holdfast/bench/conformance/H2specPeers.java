package dev.holdfast.bench.conformance;

import dev.holdfast.bench.gateway.GatewayPrograms;
import dev.holdfast.bench.gateway.GatewayProxy;
import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The servers under h2spec, each over plaintext and over TLS. */
final class H2specPeers {
  private static final long START_SECONDS = 180;
  private static final long PAUSE_MILLIS = 100;

  private final Path folder;
  private final RunResources runResources;
  private final BenchTls.Pem pem;
  private int nghttpdPort;

  H2specPeers(Path folder, RunResources runResources) throws IOException, InterruptedException {
    this.folder = folder;
    this.runResources = runResources;
    this.pem = BenchTls.pem(BenchTls.newKey(folder), folder);
  }

  /** The ports of one server: plaintext and TLS. */
  record Ports(int clear, int secure) {}

  /**
   * Starts two nghttpd, one for plaintext and one for TLS.
   *
   * @param body the content served at {@link H2specRunner#PATH}
   */
  Ports nghttpd(String body) throws IOException, InterruptedException {
    Path documents = Files.createDirectory(folder.resolve("documents"));
    Files.writeString(documents.resolve(H2specRunner.PATH.substring(1)), body);
    String program = new ExternalTool("nghttpd", "nghttp2-server").path();
    Ports ports = new Ports(FreePort.find(), FreePort.find());
    nghttpdPort = ports.clear();
    String root = "-d" + documents;
    start(
        "nghttpd",
        List.of(program, "--no-tls", "-a127.0.0.1", root, Integer.toString(ports.clear())),
        0);
    start(
        "nghttpd-tls",
        List.of(
            program,
            "-a127.0.0.1",
            root,
            Integer.toString(ports.secure()),
            pem.key().toString(),
            pem.certificate().toString()),
        0);
    awaitListening(ports);
    return ports;
  }

  /** Starts HAProxy in front of nghttpd. */
  Ports haproxy() throws IOException, InterruptedException {
    Ports ports = new Ports(FreePort.find(), FreePort.find());
    Path both = folder.resolve("haproxy.pem");
    Files.writeString(both, Files.readString(pem.certificate()) + Files.readString(pem.key()));
    Path file = folder.resolve("haproxy.cfg");
    Files.writeString(
        file,
        """
        defaults
          mode http
          timeout connect 5s
          timeout client 1m
          timeout server 1m
        frontend h2
          bind 127.0.0.1:%d proto h2
          bind 127.0.0.1:%d ssl crt %s alpn h2
          default_backend files
        backend files
          http-reuse always
          server one 127.0.0.1:%d proto h2
        """
            .formatted(ports.clear(), ports.secure(), both, nghttpdPort));
    start(
        "haproxy",
        List.of(GatewayPrograms.HAPROXY.path(), "-db", "-q", "-f", file.toString()),
        ports.clear());
    awaitListening(ports);
    return ports;
  }

  /** The gateway before a gRPC server, once it knows what that one offers. */
  Ports holdfast(int upstreamPort) throws IOException, InterruptedException {
    Ports ports = new Ports(FreePort.find(), FreePort.find());
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        listeners:
          - address: 127.0.0.1:%d
          - address: 127.0.0.1:%d
            tls: {certificate: %s, key: %s}
        clusters:
          probe:
            endpoints: ["127.0.0.1:%d"]
        routes:
          - path: /holdfast.bench.v1.Probe/*
            cluster: probe
        """
            .formatted(ports.clear(), ports.secure(), pem.certificate(), pem.key(), upstreamPort));
    GatewayProxy proxy =
        runResources.own(new GatewayPrograms(folder).holdfastWith(file, ports.clear()));
    URI at = URI.create("http://127.0.0.1:" + ports.clear() + H2specRunner.PATH);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!isServed(at)) {
      if (!proxy.isAlive() || System.nanoTime() - end > 0) {
        throw new IllegalStateException("the gateway does not serve: " + proxy.lastWords());
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    return ports;
  }

  private static boolean isServed(URI at) throws InterruptedException {
    try {
      return HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(at).build(), BodyHandlers.ofString(StandardCharsets.UTF_8))
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private GatewayProxy start(String name, List<String> command, int port) throws IOException {
    return runResources.own(GatewayProxy.start(name, command, folder, port, 0));
  }

  private static void awaitListening(Ports ports) throws InterruptedException, IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    for (int port : List.of(ports.clear(), ports.secure())) {
      while (!listens(port)) {
        if (System.nanoTime() - end > 0) {
          throw new IOException("nobody listens at port " + port);
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
    }
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
