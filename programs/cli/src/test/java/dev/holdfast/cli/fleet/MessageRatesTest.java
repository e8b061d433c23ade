package dev.holdfast.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The messages per second of streams, by readings under a clock of the test. */
class MessageRatesTest {
  private final MessageRates rates = new MessageRates();

  @Test
  void bothDirectionsCountBetweenTwoReadings() {
    assertThat(read(0, row("a", "1", "server", 100, 50))).isEqualTo("none");
    assertThat(read(2_000, row("a", "1", "server", 110, 55))).isEqualTo("7.5");
    assertThat(read(3_000, row("a", "1", "server", 110, 55))).isEqualTo("0.0");
  }

  @Test
  void readingsThatFollowAtOnceGiveTheRateOfTheOneBefore() {
    assertThat(read(0, row("a", "1", "server", 0, 0))).isEqualTo("none");
    assertThat(read(100, row("a", "1", "server", 50, 0))).isEqualTo("none");
    assertThat(read(1_000, row("a", "1", "server", 100, 0))).isEqualTo("100.0");
    assertThat(read(1_200, row("a", "1", "server", 900, 0))).isEqualTo("100.0");
    assertThat(read(2_000, row("a", "1", "server", 300, 0))).isEqualTo("200.0");
  }

  @Test
  void endsOfAStreamAndProcessesAreToldApart() {
    assertThat(read(0, row("a", "1", "server", 0, 0))).isEqualTo("none");
    assertThat(read(1_000, row("a", "1", "client", 500, 0))).isEqualTo("none");
    assertThat(read(1_000, row("b", "1", "server", 500, 0))).isEqualTo("none");
    assertThat(read(1_000, row("a", "2", "server", 500, 0))).isEqualTo("none");
    assertThat(read(1_000, row("a", "1", "server", 3, 0))).isEqualTo("3.0");
  }

  @Test
  void countThatGoesBackIsReadAnew() {
    assertThat(read(0, row("a", "1", "server", 100, 0))).isEqualTo("none");
    assertThat(read(1_000, row("a", "1", "server", 10, 0))).isEqualTo("none");
    assertThat(read(2_000, row("a", "1", "server", 14, 0))).isEqualTo("4.0");
  }

  @Test
  void streamsThatWereShownLongestAgoAreForgotten() {
    List<FleetRow> page =
        IntStream.range(0, MessageRates.MAX_STREAMS)
            .mapToObj(i -> row("a", "many" + i, "server", 0, 0))
            .toList();
    assertThat(read(0, row("a", "1", "server", 0, 0))).isEqualTo("none");
    assertThat(rates.addTo(page, 0)).hasSize(MessageRates.MAX_STREAMS);
    assertThat(read(1_000, row("a", "1", "server", 5, 0))).isEqualTo("none");
    assertThat(read(1_000, row("a", "many7", "server", 5, 0))).isEqualTo("5.0");
  }

  private String read(long millis, FleetRow row) {
    FleetRow read = rates.addTo(List.of(row), TimeUnit.MILLISECONDS.toNanos(millis)).get(0);
    assertThat(read.values()).containsAllEntriesOf(row.values());
    return Objects.requireNonNullElse(read.values().get(MessageRates.FIELD), "none").toString();
  }

  private static FleetRow row(String source, String id, String role, long sent, long processed) {
    return new FleetRow(
        source, Map.of("id", id, "role", role, "sent", sent, "processed", processed));
  }
}
