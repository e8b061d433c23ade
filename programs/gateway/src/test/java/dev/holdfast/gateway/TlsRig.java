package dev.holdfast.gateway;

import dev.holdfast.core.testkit.TestAuthority;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.TlsContexts;
import dev.holdfast.gateway.tls.TlsIdentity;
import dev.holdfast.gateway.tls.UpstreamTls;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Certificates, and clients and servers that use them; everything is called {@code gate}. */
public final class TlsRig {
  static final String NAME = "gate";

  /**
   * The cipher suite of clients that send hundreds of megabytes. AES in Java takes five times the
   * CPU without C2, and tests run without it.
   */
  static final String CHEAP_CIPHER = "TLS_CHACHA20_POLY1305_SHA256";

  private static final int PATIENCE_MILLIS = 30_000;
  private static final Duration DAY = Duration.ofDays(1);

  private final Path folder;
  private final TestAuthority authority;
  private int issued;

  public TlsRig(Path folder) throws Exception {
    this.folder = folder;
    this.authority = TestAuthority.create(folder, "authority");
  }

  /** The authorities that everybody trusts. */
  File trusted() {
    return authority.certificate().certificate();
  }

  public TestCertificate issue() throws Exception {
    return issue(Instant.now().plus(DAY));
  }

  TestCertificate issue(Instant end) throws Exception {
    Path own = Files.createDirectories(folder.resolve("issued" + issued++));
    return authority.issue(own, NAME, Instant.now().minus(DAY), end);
  }

  /** A certificate for a name of its own. */
  TestCertificate issue(String name) throws Exception {
    Path own = Files.createDirectories(folder.resolve("issued" + issued++));
    return authority.issue(own, name, Instant.now().minus(DAY), Instant.now().plus(DAY));
  }

  /** A certificate that nobody trusts. */
  TestCertificate strange() throws Exception {
    return TestCertificate.create(Files.createDirectories(folder.resolve("strange")), NAME);
  }

  /** Files in one place whose content may change. */
  TlsIdentity install(TestCertificate certificate) throws IOException {
    TlsIdentity files = new TlsIdentity(folder.resolve("tls.crt"), folder.resolve("tls.key"));
    replace(certificate.certificate(), files.certificate());
    replace(certificate.key(), files.key());
    return files;
  }

  private static void replace(File from, Path to) throws IOException {
    Files.copy(from.toPath(), to, StandardCopyOption.REPLACE_EXISTING);
  }

  public static TlsIdentity identity(TestCertificate certificate) {
    return new TlsIdentity(certificate.certificate().toPath(), certificate.key().toPath());
  }

  /** A gateway that speaks TLS to clients, and says what it heard to those that speak no gRPC. */
  Gateway gateway(GatewayRig rig, ListenerTls tls, String endpoint) throws IOException {
    TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
    ListenerOptions listenerOptions = ListenerOptions.tls(loopback(), ring.server(tls));
    return rig.closing(
        Gateway.open(
            GatewayOptions.listeningAt(List.of(listenerOptions))
                .withThreads(1)
                .withDrain(new DrainTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO))
                .withMeters(rig.meters)
                .withFrontend(TlsRig::echoHead),
            rig.snapshot(endpoint)));
  }

  public ListenerTls plain(TlsIdentity tlsIdentity) {
    return new ListenerTls(tlsIdentity, Optional.empty());
  }

  ListenerTls mutual(TlsIdentity tlsIdentity, boolean required) {
    return new ListenerTls(
        tlsIdentity,
        Optional.of(new ListenerTls.ClientAuthentication(trusted().toPath(), required)));
  }

  UpstreamTls upstream(@Nullable TlsIdentity tlsIdentity, @Nullable String serverName) {
    return new UpstreamTls(
        Optional.of(trusted().toPath()),
        Optional.ofNullable(tlsIdentity),
        Optional.ofNullable(serverName));
  }

  /** A stock client, with a certificate of its own or without. */
  public ManagedChannel client(GatewayRig rig, InetSocketAddress at, @Nullable TestCertificate own)
      throws IOException {
    return client(rig, at, own, NAME);
  }

  /** As above, of a server with this name; one without a dot is not asked for by the JDK. */
  ManagedChannel client(
      GatewayRig rig, InetSocketAddress at, @Nullable TestCertificate own, String name)
      throws IOException {
    TlsChannelCredentials.Builder credentials =
        TlsChannelCredentials.newBuilder().trustManager(trusted());
    if (own != null) {
      credentials.keyManager(own.certificate(), own.key());
    }
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(at, credentials.build())
            .overrideAuthority(name)
            .directExecutor()
            .disableRetry()
            .build();
    rig.closing(channel::shutdownNow);
    return channel;
  }

  /** A stock server that asks for a certificate; where it is. */
  String serve(GatewayRig rig, Echo echo, TestCertificate own) throws IOException {
    Server server =
        NettyServerBuilder.forAddress(
                loopback(),
                TlsServerCredentials.newBuilder()
                    .keyManager(own.certificate(), own.key())
                    .trustManager(trusted())
                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                    .build())
            .addService(echo)
            .directExecutor()
            .build()
            .start();
    rig.closing(server::shutdownNow);
    return "127.0.0.1:" + server.getPort();
  }

  /**
   * A socket of the JDK after its handshake.
   *
   * @param protocol by ALPN; "" for none
   * @param name that it asks for; "" for none
   */
  SSLSocket socket(InetSocketAddress at, String version, String protocol, String name)
      throws Exception {
    return socket(context(), at, version, protocol, name);
  }

  /** As above; sockets of one context resume each other's sessions. */
  SSLSocket socket(
      SSLContext context, InetSocketAddress at, String version, String protocol, String name)
      throws Exception {
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(at.getAddress(), at.getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {version});
    if (!protocol.isEmpty()) {
      parameters.setApplicationProtocols(new String[] {protocol});
    }
    if (!name.isEmpty()) {
      parameters.setServerNames(List.of(new SNIHostName(name)));
    }
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  /**
   * TLS over a socket, which is closed with it.
   *
   * @param protocol by ALPN; "" for none
   * @param ciphers the cipher suites; none for those of the JDK
   */
  SSLSocket over(Socket plain, String protocol, String... ciphers) throws Exception {
    SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket(plain, NAME, 1, true);
    SSLParameters parameters = socket.getSSLParameters();
    if (ciphers.length > 0) {
      parameters.setCipherSuites(ciphers);
    }
    if (!protocol.isEmpty()) {
      parameters.setApplicationProtocols(new String[] {protocol});
    }
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  /** TLS over a socket on which something was said before. */
  SSLSocket over(Socket plain, byte[] before) throws Exception {
    plain.getOutputStream().write(before);
    SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket(plain, NAME, 1, false);
    socket.startHandshake();
    return socket;
  }

  /** Of a client with a certificate of its own. */
  SSLContext context(TestCertificate own) throws SSLException {
    JdkSslContext context =
        (JdkSslContext)
            SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .keyManager(own.certificate(), own.key())
                .trustManager(trusted())
                .build();
    return context.context();
  }

  private SSLContext context() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("authority", read(trusted()));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /** The certificate that a new connection is shown. */
  X509Certificate shown(InetSocketAddress at, String name) throws Exception {
    try (SSLSocket socket = socket(at, "TLSv1.3", "h2", name)) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  static X509Certificate read(File pem) throws Exception {
    try (InputStream in = new FileInputStream(pem)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static HttpRequestHandler echoHead(HttpExchange exchange, boolean ended) {
    exchange.answer(
        new DefaultHttp2Headers().status("200"),
        (exchange.headers().scheme() + " for " + exchange.path()).getBytes(StandardCharsets.UTF_8));
    return new Deaf();
  }

  /** For answers that are written at once. */
  static HttpRequestHandler deaf() {
    return new Deaf();
  }

  private static final class Deaf implements HttpRequestHandler {
    @Override
    public void onData(ByteBuf data, int bytes, boolean end) {
      // Nobody sends any.
    }

    @Override
    public void onGone() {
      // Nothing is kept.
    }

    @Override
    public void onWritable() {
      // All was written at once.
    }

    @Override
    public void onLeave() {
      // Nothing is under way.
    }
  }
}
