package dev.holdfast.registry.kubernetes;

import dev.holdfast.lab.kubernetes.EndpointSlice;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** What an administrator of a {@link RealCluster} asks of it, with nothing of Holdfast. */
public final class ClusterCalls {
  static final String SLICES = "/apis/discovery.k8s.io/v1";
  static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";

  private static final String APPLY = "application/apply-patch+yaml";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final String url;
  private final String etcd;
  private final HttpClient client;

  ClusterCalls(String url, String etcd, Path authority) throws Exception {
    this.url = url;
    this.etcd = etcd;
    this.client = HttpClient.newBuilder().sslContext(trusting(authority)).build();
  }

  /** Makes a namespace. */
  public void namespace(String name) throws Exception {
    put("/api/v1/namespaces/" + name, core("Namespace", name));
  }

  /** Creates or replaces a slice. */
  public void put(EndpointSlice slice) throws Exception {
    apply(SLICES, slice.namespace(), "endpointslices", slice.name(), text(slice));
  }

  void delete(EndpointSlice slice) throws Exception {
    String path = SLICES + "/namespaces/" + slice.namespace() + "/endpointslices/" + slice.name();
    expectSuccess(send("DELETE", path, "application/json", ""));
  }

  /** Creates or replaces an object, from YAML or JSON. */
  public void apply(String group, String namespace, String plural, String name, String object)
      throws Exception {
    put(group + "/namespaces/" + namespace + "/" + plural + "/" + name, object);
  }

  /** Has an object checked as if it were to be kept, unknown fields too. */
  public HttpResponse<String> dryRun(
      String group, String namespace, String plural, String name, String yaml) throws Exception {
    String path = group + "/namespaces/" + namespace + "/" + plural + "/" + name;
    return send(
        "PATCH",
        path + "?fieldManager=tests&force=true&dryRun=All&fieldValidation=Strict",
        APPLY,
        yaml);
  }

  /** Raises the version of everything, as writes to other objects do all day. */
  void touch(String namespace, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      apply(
          "/api/v1",
          namespace,
          "configmaps",
          "touched",
          core("ConfigMap", "touched") + "data: {at: \"" + System.nanoTime() + "\"}\n");
    }
  }

  /** Makes etcd forget all versions but the present one. */
  void compact() throws Exception {
    HttpResponse<String> now = ask(etcd + "/v3/kv/range", "{\"key\":\"AA==\"}");
    String revision = now.body().replaceAll("(?s).*\"revision\":\"(\\d+)\".*", "$1");
    expectSuccess(
        ask(etcd + "/v3/kv/compaction", "{\"revision\":" + revision + ",\"physical\":true}"));
  }

  /** One request of the administrator. */
  public HttpResponse<String> send(String method, String path, String type, String body)
      throws Exception {
    return client.send(
        request(path, RealCluster.ADMIN_TOKEN)
            .header("Content-Type", type)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  HttpRequest.Builder request(String path, String token) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(PATIENCE)
        .header("Accept", "application/json")
        .header("Authorization", "Bearer " + token);
  }

  HttpClient client() {
    return client;
  }

  boolean serves() {
    return isOk(request("/readyz", RealCluster.ADMIN_TOKEN).build());
  }

  boolean etcdServes() {
    return isOk(HttpRequest.newBuilder(URI.create(etcd + "/health")).build());
  }

  /** The beginning of an object of the core group, as YAML. */
  static String core(String kind, String name) {
    return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\n";
  }

  /** A slice as it is sent to be kept. */
  static String text(EndpointSlice slice) {
    String labels =
        slice.labels().entrySet().stream()
            .map(label -> "\"" + label.getKey() + "\":\"" + label.getValue() + "\"")
            .collect(Collectors.joining(",", "{", "}"));
    return "{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{"
        + "\"name\":\"%s\",\"namespace\":\"%s\",\"labels\":%s},%s}"
            .formatted(slice.name(), slice.namespace(), labels, slice.content());
  }

  private void put(String path, String object) throws Exception {
    expectSuccess(send("PATCH", path + "?fieldManager=tests&force=true", APPLY, object));
  }

  private HttpResponse<String> ask(String where, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(where)).POST(BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }

  private boolean isOk(HttpRequest request) {
    try {
      return client.send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      // Not yet, or not any more: that is the answer.
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void expectSuccess(HttpResponse<String> answer) {
    if (answer.statusCode() / 100 != 2) {
      throw new AssertionError(answer.request().uri() + " " + answer.statusCode() + answer.body());
    }
  }

  private static SSLContext trusting(Path authority) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(authority)) {
      store.setCertificateEntry(
          "authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
