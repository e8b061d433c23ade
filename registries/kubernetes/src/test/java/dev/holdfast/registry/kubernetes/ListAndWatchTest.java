package dev.holdfast.registry.kubernetes;

import static dev.holdfast.registry.kubernetes.KubernetesFixture.addresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.awaitAddresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.soon;
import static dev.holdfast.registry.kubernetes.TinyApiServer.bookmark;
import static dev.holdfast.registry.kubernetes.TinyApiServer.error;
import static dev.holdfast.registry.kubernetes.TinyApiServer.list;
import static dev.holdfast.registry.kubernetes.TinyApiServer.slice;
import static dev.holdfast.registry.kubernetes.TinyApiServer.word;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.RecordedWatch;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of an API server, and what is made of its answers, request by request. */
class ListAndWatchTest {
  private final KubernetesFixture fixture = new KubernetesFixture();
  private TinyApiServer server;
  private Registry registry;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    server = new TinyApiServer();
    registry = fixture.open(server.kubeconfig(folder, "{token: sesame}"));
  }

  @AfterEach
  void close() {
    fixture.close();
    server.close();
  }

  @Test
  void aServiceIsListedAndThenWatchedFromTheListsVersionOn() {
    server.answer(200, list("7", slice("a", "5", "10.0.0.1")));
    server.watch(word("MODIFIED", slice("a", "8", "10.0.0.1", "10.0.0.2")));

    RecordedWatch watch = fixture.watch(registry, "orders:grpc");

    awaitAddresses(watch, "10.0.0.1:50051", "10.0.0.2:50051");
    String path =
        "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices"
            + "?labelSelector=kubernetes.io%2Fservice-name%3Dorders";
    assertThat(server.requests().get(0)).isEqualTo(path + "&limit=200");
    assertThat(server.requests().get(1))
        .startsWith(
            path + "&watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=");
    assertThat(server.tokens()).containsOnly("Bearer sesame");
  }

  @Test
  void aListGoesOnWhereItsLastPageEnded() {
    server.answer(
        200, list("7", slice("a", "5", "10.0.0.1")).replace("\"7\"", "\"7\",\"continue\":\"b c\""));
    server.answer(200, list("7", slice("b", "6", "10.0.0.2")));

    RecordedWatch watch = fixture.watch(registry, "orders");

    awaitAddresses(watch, "10.0.0.1:50051", "10.0.0.2:50051");
    assertThat(server.requests().get(1)).endsWith("&limit=200&continue=b+c");
  }

  @Test
  void anExpiredVersionLeadsToAListThatIsNotOlder() {
    server.answer(200, list("7", slice("a", "5", "10.0.0.1")));
    server.watch(bookmark("9"), word("ERROR", error(410, "Expired")));
    server.answer(200, list("20", slice("a", "19", "10.0.0.9")));

    RecordedWatch watch = fixture.watch(registry, "orders");

    awaitAddresses(watch, "10.0.0.9:50051");
    assertThat(server.requests().get(2))
        .endsWith("&limit=200&resourceVersion=9&resourceVersionMatch=NotOlderThan");
    assertThat(watch.failures()).isEmpty();
  }

  @Test
  void aRefusedAccountHearsWhatIsMissingAndWhichRoleSuffices() {
    server.answer(403, error(403, "Forbidden"));

    RecordedWatch watch = fixture.watch(registry, "orders");

    soon().until(() -> !watch.failures().isEmpty());
    RegistryException refusal = watch.failures().get(0);
    assertThat(refusal.kind()).isEqualTo(RegistryException.RegistryErrorKind.PERMISSION_DENIED);
    assertThat(refusal)
        .hasMessageContaining("may not list endpointslices.discovery.k8s.io in namespace \"prod\"")
        .hasMessageContaining(KubernetesRole.of("prod").yaml());
  }

  @Test
  void garbageInAWatchKeepsTheListAndLeadsToAnother() {
    server.answer(200, list("7", slice("a", "5", "10.0.0.1")));
    server.watch("{\"type\":\"MODIFIED\",\"object\":17}");
    server.answer(200, list("9", slice("a", "8", "10.0.0.2")));

    RecordedWatch watch = fixture.watch(registry, "orders");

    awaitAddresses(watch, "10.0.0.2:50051");
    assertThat(watch.failures())
        .extracting(RegistryException::kind)
        .containsExactly(RegistryException.RegistryErrorKind.MALFORMED);
    assertThat(addresses(watch)).hasSize(1);
  }
}
