package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every state of the failure policy, and what each input makes of it. */
class LastKnownGoodTableTest extends LastKnownGoodFixture {
  {
    steady = machineOfLastingRecords();
  }

  /** What a machine in a state makes of an input; the names are those of the table in its doc. */
  private static final String TABLE =
      """
      UNKNOWN,    OK,            FOLLOWING
      UNKNOWN,    SHRUNK,        FOLLOWING
      UNKNOWN,    EMPTY,         FOLLOWING
      UNKNOWN,    NEW_EPOCH,     FOLLOWING
      UNKNOWN,    CONFIRMED,     UNKNOWN
      UNKNOWN,    FAILURE,       UNKNOWN
      UNKNOWN,    READ_FAILED,   UNKNOWN
      UNKNOWN,    TIMEOUT,       UNKNOWN
      FOLLOWING,  OK,            FOLLOWING
      FOLLOWING,  SHRUNK,        CONFIRMING
      FOLLOWING,  EMPTY,         EMPTYING
      FOLLOWING,  NEW_EPOCH,     WIPED
      FOLLOWING,  CONFIRMED,     FOLLOWING
      FOLLOWING,  FAILURE,       STALE
      FOLLOWING,  READ_FAILED,   FOLLOWING
      FOLLOWING,  TIMEOUT,       FOLLOWING
      STALE,      OK,            FOLLOWING
      STALE,      SHRUNK,        CONFIRMING
      STALE,      EMPTY,         EMPTYING
      STALE,      NEW_EPOCH,     WIPED
      STALE,      CONFIRMED,     FOLLOWING
      STALE,      FAILURE,       STALE
      STALE,      READ_FAILED,   STALE
      STALE,      TIMEOUT,       STALE
      CONFIRMING, OK,            FOLLOWING
      CONFIRMING, SHRUNK,        CONFIRMING
      CONFIRMING, EMPTY,         EMPTYING
      CONFIRMING, NEW_EPOCH,     WIPED
      CONFIRMING, CONFIRMED,     CONFIRMING
      CONFIRMING, FAILURE,       CONFIRMING
      CONFIRMING, READ_SAME,     FOLLOWING
      CONFIRMING, READ_OTHER,    FOLLOWING
      CONFIRMING, READ_EMPTY,    EMPTYING
      CONFIRMING, READ_FAILED,   CONFIRMING
      CONFIRMING, TIMEOUT,       CONFIRMING
      EMPTYING,   OK,            FOLLOWING
      EMPTYING,   SHRUNK,        CONFIRMING
      EMPTYING,   EMPTY,         EMPTYING
      EMPTYING,   NEW_EPOCH,     WIPED
      EMPTYING,   CONFIRMED,     EMPTYING
      EMPTYING,   FAILURE,       EMPTYING
      EMPTYING,   READ_SAME,     EMPTYING
      EMPTYING,   READ_OTHER,    FOLLOWING
      EMPTYING,   READ_FAILED,   EMPTYING
      EMPTYING,   TIMEOUT,       EMPTYING
      WIPED,      OK,            FOLLOWING
      WIPED,      SHRUNK,        WIPED
      WIPED,      EMPTY,         WIPED
      WIPED,      NEW_EPOCH,     WIPED
      WIPED,      CONFIRMED,     WIPED
      WIPED,      FAILURE,       WIPED
      WIPED,      READ_FAILED,   WIPED
      WIPED,      TIMEOUT,       EMPTYING
      """;

  @ParameterizedTest
  @CsvSource(textBlock = TABLE)
  void movesAsItsTableSays(EndpointListState from, String input, EndpointListState to) {
    bring(from);
    assertThat(steady.state()).isEqualTo(from);

    input(input);

    assertThat(steady.state()).isEqualTo(to);
  }

  private void bring(EndpointListState state) {
    switch (state) {
      case UNKNOWN -> {}
      case FOLLOWING -> follow(FIVE);
      case STALE -> {
        follow(FIVE);
        steady.onFailure(now);
      }
      case CONFIRMING -> {
        follow(FIVE);
        steady.onSnapshot(now, word(1, 1));
      }
      case EMPTYING -> {
        follow(FIVE);
        steady.onSnapshot(now, word(1));
      }
      case WIPED -> {
        follow(FIVE);
        steady.onSnapshot(now, word(2));
      }
    }
  }

  private void input(String input) {
    long epoch = steady.state() == EndpointListState.WIPED ? 2 : 1;
    switch (input) {
      case "OK" -> steady.onSnapshot(now, new RegistrySnapshot(FIVE, epoch));
      case "SHRUNK" -> steady.onSnapshot(now, word(epoch, 1));
      case "EMPTY" -> steady.onSnapshot(now, word(epoch));
      case "NEW_EPOCH" -> steady.onSnapshot(now, word(7, 1));
      case "CONFIRMED" -> steady.onConfirmed(now);
      case "FAILURE" -> steady.onFailure(now);
      case "READ_SAME" -> steady.onRead(now, read(), steadyWord(epoch));
      case "READ_OTHER" -> steady.onRead(now, read(), new RegistrySnapshot(FIVE, epoch));
      case "READ_EMPTY" -> steady.onRead(now, read(), word(epoch));
      case "READ_FAILED" -> steady.onReadFailed(now, read());
      case "TIMEOUT" -> {
        steady.onTimeout(now);
        advance(Duration.ofDays(1));
        steady.onTimeout(now);
      }
      default -> throw new IllegalArgumentException(input);
    }
  }

  private RegistrySnapshot steadyWord(long epoch) {
    return new RegistrySnapshot(steady.lastReceived().orElseThrow(), epoch);
  }

  private long read() {
    OptionalLong read = steady.pollRead(now);
    return read.orElse(1);
  }
}
