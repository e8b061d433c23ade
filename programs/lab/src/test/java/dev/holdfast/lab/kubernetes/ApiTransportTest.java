package dev.holdfast.lab.kubernetes;

import static dev.holdfast.lab.kubernetes.ApiCalls.SLICES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.lab.kubernetes.ApiCalls.Watched;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** HTTP/1.1 and HTTP/2, in the clear and over TLS, with certificates of clients. */
class ApiTransportTest {
  @TempDir private static Path scratch;

  private static TestCertificate serverPair;
  private static TestCertificate clientPair;

  private ApiServer server = ApiServer.start();

  @BeforeAll
  static void makeCertificates() throws Exception {
    serverPair = TestCertificate.create(scratch, "localhost");
    clientPair = TestCertificate.create(scratch, "jane");
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource
  void clearTextServesEitherVersionOnOneConnection(HttpClient.Version version) throws Exception {
    ApiCalls calls = new ApiCalls(server.url(), HttpClient.newBuilder().version(version).build());

    assertWatchAndListWork(calls, version);
  }

  @ParameterizedTest
  @EnumSource
  void tlsServesWhatWasAgreedByAlpn(HttpClient.Version version) throws Exception {
    startWith(ApiServerTls.of(serverPair.certificate(), serverPair.key()));

    assertWatchAndListWork(calls(serverPair, version, Optional.empty()), version);
  }

  @Test
  void serverWithoutHttp2StaysWithTheOldVersion() throws Exception {
    server.close();
    server = ApiServer.start(ApiServerOptions.defaults().withoutHttp2());
    ApiCalls calls =
        new ApiCalls(
            server.url(), HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build());

    assertWatchAndListWork(calls, HttpClient.Version.HTTP_1_1);
  }

  @Test
  void certificateOfAClientNamesItsUser() throws Exception {
    startWith(
        ApiServerTls.of(serverPair.certificate(), serverPair.key())
            .trusting(clientPair.certificate()));
    server.access().requireIdentity().refuse(ApiVerb.WATCH);

    ApiCalls jane = calls(serverPair, HttpClient.Version.HTTP_2, Optional.of(clientPair));
    ApiCalls nobody = calls(serverPair, HttpClient.Version.HTTP_2, Optional.empty());

    assertThat(jane.get(SLICES).statusCode()).isEqualTo(200);
    assertThat(jane.get(SLICES + "?watch=1").body()).contains("User \\\"jane\\\" cannot watch");
    assertThat(nobody.get(SLICES).body()).contains("User \\\"system:anonymous\\\"");
  }

  @Test
  void newCertificateHoldsForNewConnections() throws Exception {
    startWith(ApiServerTls.of(serverPair.certificate(), serverPair.key()));
    TestCertificate next =
        TestCertificate.create(Files.createDirectory(scratch.resolve("next")), "localhost");
    server.replaceTls(ApiServerTls.of(next.certificate(), next.key()));

    assertThatThrownBy(
            () -> calls(serverPair, HttpClient.Version.HTTP_2, Optional.empty()).get(SLICES))
        .isInstanceOf(IOException.class);
    assertThat(calls(next, HttpClient.Version.HTTP_2, Optional.empty()).get(SLICES).statusCode())
        .isEqualTo(200);
  }

  private void startWith(ApiServerTls tls) {
    server.close();
    server = ApiServer.start(ApiServerOptions.defaults().withTls(tls));
  }

  private void assertWatchAndListWork(ApiCalls calls, HttpClient.Version expected)
      throws Exception {
    HttpResponse<String> first = calls.get(SLICES);
    Watched watch = calls.watch(SLICES + "?watch=1&resourceVersion=" + ApiCalls.version(first));
    server.store().put(EndpointSlice.of("prod", "orders", "orders-a").withAddresses("10.0.0.1"));

    assertThat(watch.await(1)).singleElement().asString().contains("\"ADDED\"", "10.0.0.1");
    HttpResponse<String> second = calls.get(SLICES);
    assertThat(second.version()).isEqualTo(expected);
    assertThat(second.body()).contains("10.0.0.1");
    assertThat(server.requests())
        .last()
        .matches(request -> request.http2() == (expected == HttpClient.Version.HTTP_2));
    server.endWatches();
    assertThat(watch.awaitEnd()).isEqualTo("end");
  }

  /** Trusts one server, by the name that the certificates of tests have. */
  private ApiCalls calls(
      TestCertificate trusted, HttpClient.Version version, Optional<TestCertificate> own)
      throws Exception {
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    authorities.setCertificateEntry("server", certificate(trusted.certificate()));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    KeyManager[] keys = own.isPresent() ? keys(own.get()) : new KeyManager[0];
    context.init(keys, trust.getTrustManagers(), null);
    return new ApiCalls(
        server.url().replace("127.0.0.1", "localhost"),
        HttpClient.newBuilder().version(version).sslContext(context).build());
  }

  private static KeyManager[] keys(TestCertificate own) throws Exception {
    byte[] der =
        Base64.getMimeDecoder()
            .decode(Files.readString(own.key().toPath()).replaceAll("-----[A-Z ]+-----", ""));
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setKeyEntry(
        "client",
        KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der)),
        new char[0],
        new Certificate[] {certificate(own.certificate())});
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static Certificate certificate(File pem) throws Exception {
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(pem.toPath())));
  }
}
