package dev.holdfast.bench.gateway;

import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The proxies of {@link GatewayCost}, each as its documents advise for gRPC, on equal terms: two
 * threads, a listener in plaintext and one over TLS with the same certificate, HTTP/2 on both
 * sides, connections to the upstream kept, no access log. All run in the foreground, as children.
 */
final class ComparedProxies {
  private static final String SERVICE = "echo";

  private final Path folder;
  private final BenchTls.Pem pem;

  /**
   * @param folder for their configurations and logs
   */
  ComparedProxies(Path folder) throws IOException, InterruptedException {
    this.folder = folder;
    this.pem = BenchTls.pem(BenchTls.newKey(folder), folder);
  }

  /**
   * Holdfast as {@code ./holdfast gateway} starts it: defaults, and a registry in a directory.
   *
   * @param properties of the system that switch parts of it off, {@code -D..}
   */
  GatewayProxy holdfast(String name, int upstreamPort, List<String> properties) throws IOException {
    Path registry = folder.resolve(name + "-registry");
    Path service = Files.createDirectories(registry.resolve(SERVICE));
    Files.write(service.resolve("upstream.list"), List.of("127.0.0.1:" + upstreamPort));
    int port = FreePort.find();
    int tlsPort = FreePort.find();
    Path file = folder.resolve(name + ".yaml");
    Files.writeString(
        file,
        """
        listeners:
          - address: 127.0.0.1:%d
          - address: 127.0.0.1:%d
            tls: {certificate: %s, key: %s}
        registry: file://%s
        """
            .formatted(port, tlsPort, pem.certificate(), pem.key(), registry));
    List<String> command = new ArrayList<>();
    if (!properties.isEmpty()) {
      command.addAll(List.of("env", "HOLDFAST_JAVA_OPTS=" + String.join(" ", properties)));
    }
    command.addAll(
        List.of(
            GatewayPrograms.launcher(), "gateway", "--config", file.toString(), "--threads", "2"));
    return GatewayProxy.start(name, command, folder, port, upstreamPort).withTls(tlsPort);
  }

  /**
   * nginx keeps connections to the upstream only if told so, and one call at a time goes over each:
   * as many are kept as there are calls.
   */
  GatewayProxy nginx(String name, int upstreamPort) throws IOException {
    int port = FreePort.find();
    int tlsPort = FreePort.find();
    // Run by root it would give its workers to a user who can't read this folder.
    String user = System.getProperty("user.name").equals("root") ? "user root;" : "";
    Path file = folder.resolve("nginx.conf");
    Files.writeString(
        file,
        """
        %s
        worker_processes 2;
        daemon off;
        pid nginx.pid;
        error_log stderr warn;
        events { worker_connections 8192; }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          keepalive_requests 1000000000;
          keepalive_time 24h;
          ssl_certificate %s;
          ssl_certificate_key %s;
          ssl_protocols TLSv1.2 TLSv1.3;
          upstream echo {
            server 127.0.0.1:%d;
            keepalive 256;
            keepalive_requests 1000000000;
            keepalive_time 24h;
          }
          server {
            listen 127.0.0.1:%d http2;
            listen 127.0.0.1:%d ssl http2;
            location / { grpc_pass grpc://echo; }
          }
        }
        """
            .formatted(user, pem.certificate(), pem.key(), upstreamPort, port, tlsPort));
    return GatewayProxy.start(
            name,
            List.of(
                GatewayPrograms.NGINX.path(),
                "-p",
                folder.toString(),
                "-e",
                "stderr",
                "-c",
                file.toString()),
            folder,
            port,
            upstreamPort)
        .withTls(tlsPort);
  }

  /** HAProxy multiplexes by itself; {@code http-reuse always} lets it share every connection. */
  GatewayProxy haproxy(String name, int upstreamPort) throws IOException {
    int port = FreePort.find();
    int tlsPort = FreePort.find();
    Path both = folder.resolve(name + ".pem");
    Files.writeString(both, Files.readString(pem.certificate()) + Files.readString(pem.key()));
    Path file = folder.resolve(name + ".cfg");
    Files.writeString(
        file,
        GatewayPrograms.haproxyFile(
            "bind 127.0.0.1:%d proto h2%nbind 127.0.0.1:%d ssl crt %s alpn h2"
                .formatted(port, tlsPort, both),
            upstreamPort));
    return GatewayProxy.start(
            name,
            List.of(GatewayPrograms.HAPROXY.path(), "-db", "-q", "-f", file.toString()),
            folder,
            port,
            upstreamPort)
        .withTls(tlsPort);
  }

  /** The relay that does nothing of a gateway's work, with the options of the gateway's JVM. */
  GatewayProxy floor(String name, int upstreamPort) throws IOException {
    int port = FreePort.find();
    List<String> command =
        ChildJvm.command(
            MinimalProxy.class,
            List.of("-XX:+UseSerialGC", "-Dio.netty.leakDetection.level=disabled"),
            List.of(Integer.toString(port), Integer.toString(upstreamPort)));
    return GatewayProxy.start(name, command, folder, port, upstreamPort);
  }
}
