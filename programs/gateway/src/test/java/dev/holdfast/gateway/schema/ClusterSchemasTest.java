package dev.holdfast.gateway.schema;

import static dev.holdfast.gateway.schema.SchemaPollingTest.schema;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.schema.ReflectionException.ReflectionFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.SubstituteLogger;

/** The schemas of clusters over virtual time. */
class ClusterSchemasTest {
  private final VirtualScheduler time = new VirtualScheduler();
  private final Asked asked = new Asked();
  private final ClusterSchemas schemas = new ClusterSchemas(time, asked, new Random(3));
  private final List<String> changes = new ArrayList<>();

  /** Beside other tests the first loggers are stand-ins, which nobody can listen to. */
  @BeforeAll
  static void awaitLogging() {
    await()
        .until(() -> !(LoggerFactory.getLogger(ClusterSchemas.class) instanceof SubstituteLogger));
  }

  @Test
  void whatAServerSaysIsKnownAndItsChangesAreHeardOf() {
    Cluster orders = cluster("orders", "10.0.0.1:1");
    schemas.onChange(() -> changes.add(schemas.of(orders).orElseThrow().hash()));
    schemas.retain(List.of(orders));
    time.runUntilIdle();
    assertThat(asked.questions).containsExactly("orders 10.0.0.1:1");
    assertThat(schemas.of(orders)).isEmpty();

    try (LogLines lines = LogLines.ofThisThread(ClusterSchemas.class)) {
      asked.answer(schema("one", "shop.Orders"));
      time.runUntilIdle();
      time.advance(Duration.ofSeconds(70));
      asked.answer(schema("one", "shop.Orders"));
      time.advance(Duration.ofSeconds(70));
      asked.answer(schema("another hash", "shop.Orders"));
      time.runUntilIdle();

      assertThat(changes).containsExactly("one", "another hash");
      assertThat(lines.all())
          .satisfiesExactly(
              known -> assertThat(known).contains("event=schema_known cluster=orders"),
              changed ->
                  assertThat(changed)
                      .contains("event=schema_changed", "from_endpoint=10.0.0.1:1", "to_hash="));
    }
  }

  @Test
  void failureIsToldOnceAndKeepsWhatIsKnown() {
    Cluster orders = cluster("orders", "10.0.0.1:1");
    schemas.retain(List.of(orders));
    time.runUntilIdle();
    asked.answer(schema("good", "shop.Orders"));
    time.runUntilIdle();
    try (LogLines lines = LogLines.ofThisThread(ClusterSchemas.class)) {
      for (int i = 0; i < 3; i++) {
        time.advance(Duration.ofSeconds(70));
        asked.fail("away");
        time.runUntilIdle();
      }
      assertThat(lines.all())
          .singleElement()
          .asString()
          .contains("event=schema_failed cluster=orders", "kept=last_good", "away");
    }

    assertThat(schemas.of(orders).orElseThrow().hash()).isEqualTo("good");
    assertThat(schemas.trouble(orders)).isEqualTo("away");
  }

  @Test
  void whoCantBeReachedIsUnheardAndWhoWontSayIsNot() {
    Cluster orders = cluster("orders", "10.0.0.1:1");
    schemas.onChange(() -> changes.add("changed"));
    schemas.retain(List.of(orders));
    time.runUntilIdle();
    assertThat(schemas.isUnanswered(orders)).isTrue();
    asked.fail(ReflectionFailure.UNAVAILABLE, "away");
    time.advance(Duration.ofSeconds(70));
    assertThat(schemas.isUnanswered(orders)).isTrue();
    assertThat(changes).isEmpty();

    asked.fail(ReflectionFailure.UNSUPPORTED, "no reflection");
    time.advance(Duration.ofSeconds(70));
    assertThat(schemas.isUnanswered(orders)).isFalse();
    // Routes that depend on a missing schema are built again.
    assertThat(changes).containsExactly("changed");
    asked.fail(ReflectionFailure.UNSUPPORTED, "no reflection");
    time.runUntilIdle();
    assertThat(changes).hasSize(1);
  }

  @Test
  void clusterThatIsMadeAnewKnowsWhatItsNameKnew() {
    Cluster before = cluster("orders", "10.0.0.1:1");
    schemas.retain(List.of(before));
    time.runUntilIdle();
    asked.answer(schema("good", "shop.Orders"));
    time.runUntilIdle();
    Cluster after = cluster("orders", "10.0.0.1:2");
    schemas.retain(List.of(after));

    assertThat(schemas.of(after).orElseThrow().hash()).isEqualTo("good");
    assertThat(schemas.of(before)).isEmpty();
    time.runUntilIdle();
    assertThat(asked.questions).last().isEqualTo("orders 10.0.0.1:2");
  }

  @Test
  void onlySoManyAreAskedAtOnceAndAllInTheEnd() {
    List<Cluster> many = new ArrayList<>();
    for (int i = 0; i < 2 * ClusterSchemas.MAX_AT_ONCE + 1; i++) {
      many.add(cluster("c" + i, "10.0.0.1:" + (i + 1)));
    }
    schemas.retain(many);
    time.runUntilIdle();
    assertThat(asked.questions).hasSize(ClusterSchemas.MAX_AT_ONCE);
    // Who is waiting may have gone by then.
    Cluster gone = many.remove(ClusterSchemas.MAX_AT_ONCE);
    schemas.retain(many);

    while (!asked.open.isEmpty()) {
      asked.answer(schema("h", "s"));
      time.runUntilIdle();
    }
    assertThat(many).allSatisfy(cluster -> assertThat(schemas.of(cluster)).isPresent());
    assertThat(asked.questions).noneMatch(question -> question.startsWith(gone.name() + " "));
  }

  @Test
  void closedOnesAskNobody() {
    schemas.retain(List.of(cluster("orders", "10.0.0.1:1")));
    schemas.close();
    time.advance(Duration.ofHours(1));

    assertThat(asked.questions).isEmpty();
  }

  private static Cluster cluster(String name, String address) {
    return Cluster.fixed(name, EndpointSet.of(Endpoint.of(address)), ClusterOptions.DEFAULT);
  }

  /** Servers that answer when the test says so, the longest waiting first. */
  private static final class Asked implements SchemaSource {
    final List<String> questions = new ArrayList<>();
    final List<CompletableFuture<ServiceSchema>> open = new ArrayList<>();

    @Override
    public CompletionStage<ServiceSchema> ask(Cluster cluster, Endpoint endpoint) {
      questions.add(cluster.name() + " " + endpoint.address());
      CompletableFuture<ServiceSchema> answer = new CompletableFuture<>();
      open.add(answer);
      return answer;
    }

    void answer(ServiceSchema schema) {
      open.remove(0).complete(schema);
    }

    void fail(String why) {
      fail(ReflectionFailure.UNAVAILABLE, why);
    }

    void fail(ReflectionFailure reflectionFailure, String why) {
      open.remove(0).completeExceptionally(new ReflectionException(reflectionFailure, why));
    }
  }
}
