package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small values: codes, meters, delays, lists and names. */
class VocabularyTest {

  @Test
  void codesOfReasonsAreUniqueAndSentencesEnd() {
    assertThat(CloseReason.values())
        .extracting(CloseReason::code)
        .doesNotHaveDuplicates()
        .allMatch(code -> code.matches("HF-\\d{3}"));
    assertThat(CloseReason.values())
        .extracting(CloseReason::sentence)
        .allMatch(sentence -> sentence.endsWith("."));
    assertThat(CloseReason.NO_ENDPOINTS.describe("orders"))
        .isEqualTo("HF-202 The registry knows of no endpoint of this service. (orders)");
  }

  @ParameterizedTest
  @EnumSource
  void everyMeterCanBeMade(RegistryMeter meter) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    String[] tags = meter.tags().toArray(new String[0]);
    if (meter.meterType() == RegistryMeter.MeterType.COUNTER) {
      meter.counter(meters, tags).increment();
      assertThat(meters.get(meter.meterName()).counter().count()).isEqualTo(1);
      assertThatIllegalStateException().isThrownBy(() -> meter.gauge(meters, () -> 1, tags));
    } else {
      Subscription gauge = meter.gauge(meters, () -> 7, tags);
      assertThat(meters.get(meter.meterName()).gauge().value()).isEqualTo(7);
      gauge.close();
      assertThat(meters.find(meter.meterName()).gauge()).isNull();
      assertThatIllegalStateException().isThrownBy(() -> meter.counter(meters, tags));
    }
    assertThat(meter.meterName()).startsWith("holdfast.");
    assertThat(meter.description()).endsWith(".");
  }

  @Test
  void gaugesOfTheSameTagsAreOneUntilTheLastIsClosed() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    RegistryMeter state = RegistryMeter.REGISTRATION_STATE;
    Subscription older = state.gauge(meters, () -> 3, "r", "orders", "10.0.0.1:1");
    Subscription newer = state.gauge(meters, () -> 1, "r", "orders", "10.0.0.1:1");
    Subscription beside = state.gauge(meters, () -> Double.NaN, "r", "orders", "10.0.0.1:1");

    assertThat(meters.get(state.meterName()).gauge().value()).isEqualTo(3);
    older.close();
    older.close();
    assertThat(meters.get(state.meterName()).gauge().value()).isEqualTo(1);
    newer.close();
    assertThat(meters.get(state.meterName()).gauge().value()).isNaN();
    beside.close();
    assertThat(meters.find(state.meterName()).gauge()).isNull();
  }

  @Test
  void gaugesThatCountAreAddedUp() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Subscription one = RegistryMeter.WATCHES.gauge(meters, () -> 2, "r");
    Subscription two = RegistryMeter.WATCHES.gauge(meters, () -> 5, "r");

    assertThat(meters.get("holdfast.watches").gauge().value()).isEqualTo(7);
    one.close();
    assertThat(meters.get("holdfast.watches").gauge().value()).isEqualTo(5);
    two.close();
  }

  @Test
  void metersHaveNamesOfTheirOwnAndRefuseTheWrongTags() {
    assertThat(RegistryMeter.values()).extracting(RegistryMeter::meterName).doesNotHaveDuplicates();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RegistryMeter.WATCH_RESTARTS.counter(new SimpleMeterRegistry()))
        .withMessage("tagValues: 0 (expected: 1, [registry])");
  }

  @Test
  void statesKeepTheirCodes() {
    assertThat(Stream.of(EndpointListState.values()).map(EndpointListState::code))
        .containsExactlyElementsOf(range(6));
    assertThat(Stream.of(RegistrationState.values()).map(RegistrationState::code))
        .containsExactlyElementsOf(range(7));
  }

  @Test
  void delaysGrowUpToTheirCapAndBeginAnewAfterProgress() {
    Backoff.BackoffOptions backoffOptions =
        new Backoff.BackoffOptions(Duration.ofMillis(100), Duration.ofSeconds(10));
    Backoff backoff = new Backoff(backoffOptions, new SplittableRandom(1));
    Duration longest = Duration.ZERO;
    for (int i = 0; i < 200; i++) {
      Duration delay = backoff.next();
      long ceilingMillis = Math.min(10_000, 100L << Math.min(i, 20));
      assertThat(delay).isBetween(Duration.ZERO, Duration.ofMillis(ceilingMillis));
      longest = longest.compareTo(delay) > 0 ? longest : delay;
    }
    assertThat(longest).isGreaterThan(Duration.ofSeconds(9));
    assertThat(backoff.attempts()).isEqualTo(200);

    backoff.reset();

    assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(100));
  }

  @Test
  void delaysWithoutLengthOrBelowTheirBaseAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Backoff.BackoffOptions(Duration.ZERO, Duration.ofSeconds(1)))
        .withMessage("base: PT0S (expected: > 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Backoff.BackoffOptions(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .withMessage("cap: PT1S (expected: >= base, PT2S)");
  }

  @Test
  void aLongListPrintsTenEndpointsAndCountsTheRest() {
    EndpointSet list =
        EndpointSet.of(
            IntStream.range(1, 13).mapToObj(i -> Endpoint.of("10.0.0." + i + ":1")).toList());

    assertThat(list.toString()).endsWith(", +2 more]");
    assertThat(EndpointSet.of(Endpoint.of("h:1").withDraining(true), Endpoint.of("i:1")))
        .hasToString("[h:1(draining), i:1]");
  }

  @Test
  void ofTwoRecordsAtOneAddressTheReadyOneStays() {
    Endpoint ready = Endpoint.of("h:1").withInstance("new");

    assertThat(EndpointSet.of(ready.withReady(false).withInstance("old"), ready).endpoints())
        .containsExactly(ready);
    assertThat(EndpointSet.of(ready, ready.withDraining(true).withInstance("z")).endpoints())
        .containsExactly(ready);
  }

  @Test
  void metadataIsSortedAndCantBeChanged() {
    Endpoint endpoint = Endpoint.of("h:1").withMetadata(Map.of("b", "2", "a", "1"));

    assertThat(endpoint.metadata().keySet()).containsExactly("a", "b");
    assertThat(endpoint.withWeight(10_000).weight()).isEqualTo(Endpoint.MAX_WEIGHT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> endpoint.withWeight(0))
        .withMessage("weight: 0 (expected: 1 to 10000)");
  }

  @Test
  void theNearestNameIsFoundWithinReason() {
    List<String> known = List.of("ttl", "endpoints", "timeout");

    assertThat(NearestName.of("tll", known, 3)).isEqualTo("ttl");
    assertThat(NearestName.of("endpoint", known, 3)).isEqualTo("endpoints");
    assertThat(NearestName.of("completely-different", known, 3)).isEmpty();
    assertThat(NearestName.of("", List.of(), 3)).isEmpty();
  }

  @Test
  void textOfOthersCanNeitherForgeALogLineNorFillTheLog() {
    assertThat(LogEscaper.escape("a\nevent=forged b=\"c\" \u2028\u0085\u001b[2J"))
        .isEqualTo("a?event=forged b='c' ???[2J");
    assertThat(LogEscaper.escape("x".repeat(1_000_000)))
        .hasSize(LogEscaper.MAX_CHARS + 3)
        .endsWith("x...");
    assertThat(LogEscaper.escape(null)).isEqualTo("null");
  }

  private static List<Integer> range(int end) {
    return IntStream.range(0, end).boxed().toList();
  }
}
