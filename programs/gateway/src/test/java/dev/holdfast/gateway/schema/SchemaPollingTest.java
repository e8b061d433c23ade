package dev.holdfast.gateway.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.gateway.schema.ReflectionException.ReflectionFailure;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whom of a cluster is asked for the schema, and what counts. */
class SchemaPollingTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:1");
  private static final Endpoint B = Endpoint.of("10.0.0.2:1");
  private static final Endpoint C = Endpoint.of("10.0.0.3:1");
  private static final Endpoint D = Endpoint.of("10.0.0.4:1");

  private final SchemaPolling polling = new SchemaPolling(null, new Random(7));
  private long now = Long.MAX_VALUE - 5;

  @Test
  void nobodyIsAskedBeforeThereIsAList() {
    assertThat(polling.next(now)).isEmpty();
    assertThat(polling.deadline()).isEmpty();
  }

  @Test
  void oneIsAskedAtOnceAndThenEveryMinute() {
    polling.onEndpoints(now, EndpointSet.of(A));
    assertThat(polling.next(now)).contains(A);
    assertThat(polling.next(now)).as("while it is asked").isEmpty();

    assertThat(polling.onSchema(now, A.address(), schema("one"))).isTrue();
    assertThat(polling.next(now)).isEmpty();
    long waitNanos = polling.deadline().orElseThrow() - now;
    assertThat(Duration.ofNanos(waitNanos))
        .isBetween(Duration.ofSeconds(54), Duration.ofSeconds(66));
    now += waitNanos;
    assertThat(polling.next(now)).contains(A);
    assertThat(polling.onSchema(now, A.address(), schema("one"))).as("nothing new").isFalse();
  }

  @Test
  void whoJoinsIsAskedAtOnceAndCounts() {
    learn(A, "old");
    polling.onEndpoints(now, EndpointSet.of(A, B));

    assertThat(polling.next(now)).contains(B);
    assertThat(polling.onSchema(now, B.address(), schema("new"))).isTrue();
    assertThat(polling.schema().orElseThrow().hash()).isEqualTo("new");
    assertThat(polling.source()).contains(B.address());
    now = polling.deadline().orElseThrow();
    assertThat(polling.next(now)).as("the newest still").contains(B);
  }

  @Test
  void whoJoinsWhileAnotherIsAskedIsNotForgotten() {
    polling.onEndpoints(now, EndpointSet.of(A));
    assertThat(polling.next(now)).contains(A);
    polling.onEndpoints(now, EndpointSet.of(A, B));
    assertThat(polling.onSchema(now, A.address(), schema("old"))).isTrue();

    assertThat(polling.next(now)).contains(B);
  }

  @Test
  void whoLeavesIsNotAsked() {
    learn(A, "one");
    polling.onEndpoints(now, EndpointSet.of(A, B));
    polling.onEndpoints(now, EndpointSet.of(A));

    assertThat(polling.next(now)).contains(A);
  }

  @Test
  void othersAreAskedWhenOneFailsAndAllLaterWhenSomeDo() {
    polling.onEndpoints(now, EndpointSet.of(A, B, C, D));
    for (int i = 0; i < SchemaPolling.MAX_ASKED; i++) {
      assertThat(polling.next(now)).isPresent();
      polling.onFailure(now, away());
    }

    long waitNanos = polling.deadline().orElseThrow() - now;
    assertThat(waitNanos).isBetween(1L, Duration.ofSeconds(2).toNanos());
    assertThat(polling.next(now)).isEmpty();
    assertThat(polling.trouble()).isEqualTo("away");
    assertThat(polling.next(now + waitNanos)).isPresent();
  }

  @Test
  void lastGoodIsKeptWhenNobodyAnswersOrTheAnswerMakesNoSchema() {
    learn(A, "good");
    now = polling.deadline().orElseThrow();
    assertThat(polling.next(now)).contains(A);
    polling.onFailure(now, away());
    assertThat(polling.schema().orElseThrow().hash()).isEqualTo("good");

    polling.onEndpoints(now, EndpointSet.of(A, B));
    assertThat(polling.next(now)).contains(B);
    ServiceSchema broken = new ServiceSchema(Set.of("x"), Optional.empty(), "", "no import");
    assertThat(polling.onSchema(now, B.address(), broken)).isFalse();
    assertThat(polling.schema().orElseThrow().hash()).isEqualTo("good");
    assertThat(polling.trouble()).isEqualTo("no import");
    assertThat(polling.next(now)).as("the next one at once").contains(A);
  }

  @Test
  void servicesAreKnownWithoutASchema() {
    polling.onEndpoints(now, EndpointSet.of(A));
    assertThat(polling.next(now)).contains(A);
    ServiceSchema names = new ServiceSchema(Set.of("x"), Optional.empty(), "", "no import");

    assertThat(polling.onSchema(now, A.address(), names)).isTrue();
    assertThat(polling.schema()).contains(names);
  }

  @Test
  void serverWithoutReflectionIsAskedEverMoreSeldom() {
    polling.onEndpoints(now, EndpointSet.of(A));
    for (int minutes : List.of(1, 2, 4, 8, 10, 10)) {
      refuse(A);
      assertThat(secondsToNext()).isBetween(54L * minutes, 66L * minutes);
      now = polling.deadline().orElseThrow();
    }
  }

  @Test
  void whoJoinsServersWithoutReflectionIsAskedAtOnceAndEveryMinuteAgain() {
    polling.onEndpoints(now, EndpointSet.of(A));
    refuse(A);
    now = polling.deadline().orElseThrow();
    refuse(A);

    polling.onEndpoints(now, EndpointSet.of(B));
    refuse(B);
    assertThat(secondsToNext()).isLessThanOrEqualTo(66);
    now = polling.deadline().orElseThrow();
    assertThat(polling.next(now)).contains(B);
    polling.onSchema(now, B.address(), schema("one"));
    assertThat(secondsToNext()).isLessThanOrEqualTo(66);
  }

  private void refuse(Endpoint from) {
    assertThat(polling.next(now)).contains(from);
    polling.onFailure(now, new ReflectionException(ReflectionFailure.UNSUPPORTED, "none"));
  }

  private long secondsToNext() {
    return Duration.ofNanos(polling.deadline().orElseThrow() - now).toSeconds();
  }

  private void learn(Endpoint from, String hash) {
    polling.onEndpoints(now, EndpointSet.of(from));
    assertThat(polling.next(now)).contains(from);
    HostPort address = from.address();
    assertThat(polling.onSchema(now, address, schema(hash))).isTrue();
  }

  private static ReflectionException away() {
    return new ReflectionException(ReflectionFailure.UNAVAILABLE, "away");
  }

  static ServiceSchema schema(String hash, String... services) {
    return new ServiceSchema(
        Set.of(services), Optional.of(HttpTranscoder.of(ServiceCatalog.empty())), hash, "");
  }
}
