package dev.holdfast.registry.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.registry.kubernetes.Slice.Family;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every state of the {@link Reflector} meets every input. */
class ReflectorStatesTest {
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration SILENCE = Duration.ofSeconds(130);
  private static final long SOON = Duration.ofMillis(1).toNanos();

  // Later than the longest pause and the end of a watch that was too short, sooner than silence.
  private static final long LATER = Duration.ofSeconds(60).toNanos();
  private static final long MUCH_LATER = Duration.ofHours(1).toNanos();

  /** {@code -} is: nothing changes, nothing is said, nothing is waited for but what was. */
  private static final String TABLE =
      """
                       LISTING   OPENING   WATCHING  PAUSING   ENDED
      PAGE             LISTING   -         -         -         -
      LAST_PAGE        OPENING   -         -         -         -
      TOO_MANY_PAGES   PAUSING   -         -         -         -
      LIST_FAILED      PAUSING   -         -         -         -
      OPEN             -         WATCHING  -         -         -
      EVENT            -         -         WATCHING  -         -
      ERROR_EVENT      -         -         PAUSING   -         -
      END_OF_USE       -         PAUSING   OPENING   -         -
      END_AT_ONCE      -         PAUSING   PAUSING   -         -
      END_OF_SILENCE   -         PAUSING   LISTING   -         -
      FAILED           -         PAUSING   PAUSING   -         -
      EARLY_TIMEOUT    -         -         -         -         -
      TIMEOUT          PAUSING   PAUSING   OPENING   LISTING   -
      LATE_TIMEOUT     PAUSING   PAUSING   LISTING   LISTING   -
      CLOSE            ENDED     ENDED     ENDED     ENDED     ENDED
      """;

  /** What can happen to it. */
  enum Input {
    PAGE {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onPage(SOON, ticket, page("more"));
      }
    },
    LAST_PAGE {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onPage(SOON, ticket, page(""));
      }
    },
    TOO_MANY_PAGES {
      @Override
      void happen(Reflector reflector, long ticket) {
        for (int i = 0; i <= ListProgress.MAX_PAGES; i++) {
          reflector.onPage(SOON, ticket, page("more"));
        }
      }
    },
    LIST_FAILED {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onListFailed(SOON, ticket, ApiFailure.of(ApiError.UNREACHABLE, "away"));
      }
    },
    OPEN {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onWatchOpen(SOON, ticket);
      }
    },
    EVENT {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onEvents(SOON, ticket, List.of(new SliceEvent.PutEvent(slice("8"), 0)));
      }
    },
    ERROR_EVENT {
      @Override
      void happen(Reflector reflector, long ticket) {
        ApiFailure gone = ApiFailure.of(ApiError.GONE, "too old");
        reflector.onEvents(SOON, ticket, List.of(new SliceEvent.ErrorEvent(gone)));
      }
    },
    END_OF_USE {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onEvents(SOON, ticket, List.of(new SliceEvent.BookmarkEvent("8")));
        reflector.onWatchEnd(SOON, ticket);
      }
    },
    END_AT_ONCE {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onWatchEnd(SOON, ticket);
      }
    },
    END_OF_SILENCE {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onWatchEnd(LATER, ticket);
      }
    },
    FAILED {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onWatchFailed(SOON, ticket, ApiFailure.of(ApiError.UNREACHABLE, "away"));
      }
    },
    EARLY_TIMEOUT {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onTimeout(0);
      }
    },
    TIMEOUT {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onTimeout(reflector.nextDeadlineNanos().orElse(SOON));
      }
    },
    LATE_TIMEOUT {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onTimeout(MUCH_LATER);
      }
    },
    CLOSE {
      @Override
      void happen(Reflector reflector, long ticket) {
        reflector.onClose();
      }
    };

    abstract void happen(Reflector reflector, long ticket);

    boolean isWordOfARequest() {
      return this != EARLY_TIMEOUT && this != TIMEOUT && this != LATE_TIMEOUT && this != CLOSE;
    }
  }

  private final SliceStore store = new SliceStore();
  private final Reflector reflector =
      new Reflector(
          new ReflectorOptions(
              REQUEST_TIMEOUT,
              Duration.ofMinutes(2),
              SILENCE,
              Duration.ofMinutes(30),
              Backoff.BackoffOptions.REGISTRY),
          store,
          new Random(1));

  static Stream<Arguments> cells() {
    List<Arguments> cells = new ArrayList<>();
    table()
        .forEach(
            (input, row) ->
                row.forEach((state, next) -> cells.add(Arguments.of(state, input, next))));
    return cells.stream();
  }

  @Test
  void theTableHasACellForEveryStateAndInput() {
    assertThat(table()).hasSize(Input.values().length);
    assertThat(table().values()).allSatisfy(row -> assertThat(row).hasSize(5));
    assertThat(ReflectorState.values()).hasSize(5);
  }

  @ParameterizedTest(name = "{0} meets {1}: {2}")
  @MethodSource("cells")
  void eachStateMeetsEachInput(ReflectorState state, Input input, String next) {
    bring(state);
    OptionalLong deadline = reflector.nextDeadlineNanos();
    String version = store.version();

    input.happen(reflector, ticket());

    if (next.equals("-")) {
      assertThat(reflector.state()).isEqualTo(state);
      assertThat(reflector.nextDeadlineNanos()).isEqualTo(deadline);
      assertThat(reflector.poll()).isNull();
      assertThat(store.version()).isEqualTo(version);
    } else {
      assertThat(reflector.state()).isEqualTo(ReflectorState.valueOf(next));
      assertThat(reflector.nextDeadlineNanos().isPresent()).isEqualTo(!next.equals("ENDED"));
    }
  }

  @ParameterizedTest
  @EnumSource(ReflectorState.class)
  void wordOfAnEarlierRequestChangesNothing(ReflectorState state) {
    bring(state);
    OptionalLong deadline = reflector.nextDeadlineNanos();

    for (Input input : Input.values()) {
      if (input.isWordOfARequest()) {
        input.happen(reflector, ticket() - 1);
      }
    }

    assertThat(reflector.state()).isEqualTo(state);
    assertThat(reflector.nextDeadlineNanos()).isEqualTo(deadline);
    assertThat(reflector.poll()).isNull();
  }

  @Test
  void aWatchThatFailsIsTriedAgainTwiceAndThenListed() {
    bring(ReflectorState.OPENING);

    for (int i = 0; i < Reflector.MAX_REWATCHES; i++) {
      Input.FAILED.happen(reflector, ticket());
      Input.TIMEOUT.happen(reflector, ticket());
      assertThat(reflector.state()).isEqualTo(ReflectorState.OPENING);
    }
    Input.FAILED.happen(reflector, ticket());
    Input.TIMEOUT.happen(reflector, ticket());

    assertThat(reflector.state()).isEqualTo(ReflectorState.LISTING);
  }

  @Test
  void aFailureIsReportedOnceAndOneOfAnotherKindToo() {
    bring(ReflectorState.WATCHING);

    assertThat(reportsOf(ApiError.UNREACHABLE)).isEqualTo(1);
    assertThat(reportsOf(ApiError.TIMEOUT)).as("as unavailable as before").isZero();
    assertThat(reportsOf(ApiError.NO_CREDENTIALS)).isEqualTo(1);
    assertThat(reportsOf(ApiError.UNAUTHORIZED)).isZero();
  }

  private long reportsOf(ApiError error) {
    ApiFailure failure = ApiFailure.of(error, "bad");
    reflector.onWatchFailed(SOON, ticket(), failure);
    reflector.onListFailed(SOON, ticket(), failure);
    long reports = 0;
    ReflectorCommand command = reflector.poll();
    while (command != null) {
      reports += command instanceof ReflectorCommand.Report ? 1 : 0;
      command = reflector.poll();
    }
    Input.TIMEOUT.happen(reflector, ticket());
    return reports;
  }

  @Test
  void eachPageOfALongListHasTheTimeOfARequest() {
    bring(ReflectorState.LISTING);
    long nowNanos = 0;

    for (int page = 1; page < 25; page++) {
      nowNanos += REQUEST_TIMEOUT.toNanos() - 1;
      reflector.onTimeout(nowNanos);
      reflector.onPage(nowNanos, ticket(), page("more"));
      assertThat(reflector.poll()).isInstanceOf(ReflectorCommand.ListPage.class);
      assertThat(reflector.poll()).isNull();
    }
    reflector.onPage(nowNanos, ticket(), page(""));

    assertThat(reflector.state()).isEqualTo(ReflectorState.OPENING);
    assertThat(reflector.poll()).isInstanceOf(ReflectorCommand.Publish.class);
  }

  /** Brings it there, all said and done. */
  private void bring(ReflectorState state) {
    reflector.onStart(0);
    switch (state) {
      case LISTING -> {}
      case OPENING -> reflector.onPage(0, ticket(), page(""));
      case WATCHING -> {
        reflector.onPage(0, ticket(), page(""));
        reflector.onWatchOpen(0, ticket());
      }
      case PAUSING -> Input.LIST_FAILED.happen(reflector, ticket());
      case ENDED -> reflector.onClose();
    }
    assertThat(reflector.state()).isEqualTo(state);
    ReflectorCommand command = reflector.poll();
    while (command != null) {
      command = reflector.poll();
    }
  }

  private long ticket() {
    long ticket = 0;
    while (!reflector.isCurrent(ticket)) {
      ticket++;
    }
    return ticket;
  }

  private static Map<Input, Map<ReflectorState, String>> table() {
    List<String> lines = TABLE.lines().toList();
    List<String> states = words(lines.get(0));
    Map<Input, Map<ReflectorState, String>> table = new EnumMap<>(Input.class);
    for (String line : lines.subList(1, lines.size())) {
      List<String> words = words(line);
      Map<ReflectorState, String> row = new EnumMap<>(ReflectorState.class);
      for (int i = 0; i < states.size(); i++) {
        row.put(ReflectorState.valueOf(states.get(i)), words.get(i + 1));
      }
      table.put(Input.valueOf(words.get(0)), row);
    }
    return table;
  }

  private static List<String> words(String line) {
    return List.of(line.strip().split(" +", -1));
  }

  private static SlicePage page(String next) {
    return new SlicePage(List.of(slice("5")), "7", next, 0);
  }

  private static Slice slice(String version) {
    return new Slice("orders-1", "orders", version, Family.IPV4, List.of(), List.of());
  }
}
