package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every cell of the table in {@link ExchangeState}, and every walk through it. */
class ExchangeStateTest {
  private static final int LONGEST_WALK = 6;

  private static final Map<String, UnaryOperator<ExchangeState>> EVENTS =
      new TreeMap<>(
          Map.of(
              "request-ends", ExchangeState::onRequestEnd,
              "response-begins", ExchangeState::onResponseBegin,
              "response-ends", ExchangeState::onResponseEnd,
              "upgrade", ExchangeState::onUpgrade,
              "gone", ExchangeState::onGone));

  private static final String TABLE =
      """
      state             request-ends      response-begins response-ends upgrade gone
      RECEIVING         AWAITING_RESPONSE DUPLEX          ANSWERED      -       OVER
      AWAITING_RESPONSE -                 RESPONDING      OVER          DUPLEX  OVER
      DUPLEX            RESPONDING        -               ANSWERED      -       OVER
      RESPONDING        -                 -               OVER          -       OVER
      ANSWERED          OVER              -               -             -       OVER
      OVER              OVER              -               -             -       OVER
      """;

  static Stream<String> rows() {
    return TABLE.lines().skip(1);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyEventHasItsNextState(String row) {
    String[] events = TABLE.lines().findFirst().orElseThrow().split(" +", -1);
    String[] cells = row.split(" +", -1);
    ExchangeState state = ExchangeState.valueOf(cells[0]);
    for (int i = 1; i < events.length; i++) {
      UnaryOperator<ExchangeState> event = event(events[i]);
      if (cells[i].equals("-")) {
        assertThatThrownBy(() -> event.apply(state)).isInstanceOf(IllegalStateException.class);
      } else {
        assertThat(event.apply(state)).isEqualTo(ExchangeState.valueOf(cells[i]));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void responseThatEndedHasBegun(ExchangeState state) {
    assertThat(state.isResponseBegun() || !state.isResponseEnded()).isTrue();
  }

  @Test
  void inEveryWalkTheResponseEndsOnceAndTheFactsAreThoseOfTheEvents() {
    List<List<String>> walks = new ArrayList<>();
    walk(ExchangeState.RECEIVING, new ArrayList<>(), walks);
    assertThat(walks).hasSizeGreaterThan(100);
    for (List<String> walk : walks) {
      ExchangeState state = ExchangeState.RECEIVING;
      for (String event : walk) {
        state = event(event).apply(state);
      }
      boolean gone = walk.contains("gone");
      long ends = walk.stream().filter("response-ends"::equals).count();
      assertThat(ends).as("%s", walk).isLessThanOrEqualTo(1);
      assertThat(state.isResponseEnded()).as("%s", walk).isEqualTo(gone || ends == 1);
      assertThat(state.isResponseBegun())
          .as("%s", walk)
          .isEqualTo(
              gone || ends == 1 || walk.contains("response-begins") || walk.contains("upgrade"));
      int upgrade = walk.indexOf("upgrade");
      assertThat(state.isRequestEnded())
          .as("%s", walk)
          .isEqualTo(gone || walk.subList(upgrade + 1, walk.size()).contains("request-ends"));
    }
  }

  private static UnaryOperator<ExchangeState> event(String name) {
    return Objects.requireNonNull(EVENTS.get(name), name);
  }

  /** Collects every sequence of legal events. */
  private static void walk(ExchangeState state, List<String> walked, List<List<String>> walks) {
    walks.add(List.copyOf(walked));
    if (walked.size() == LONGEST_WALK) {
      return;
    }
    EVENTS.forEach(
        (name, event) -> {
          ExchangeState next;
          try {
            next = event.apply(state);
          } catch (IllegalStateException e) {
            return;
          }
          walked.add(name);
          walk(next, walked, walks);
          walked.remove(walked.size() - 1);
        });
  }
}
