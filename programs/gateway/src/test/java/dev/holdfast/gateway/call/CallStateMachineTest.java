package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ResponseHeaders.ResponseFacts;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every cell of the table in {@link CallStateMachine}. */
class CallStateMachineTest {
  private static final RetryPolicy POLICY =
      new RetryPolicy(3, false, Set.of(GrpcStatusCode.UNAVAILABLE));
  private static final RetryPolicy ONCE = new RetryPolicy(1, false, Set.of());
  private static final int BYTES = 10;
  private static final long INTERNAL_ERROR = 2;

  /** The states in the order of the columns; a dash stands for the same state. */
  private static final List<CallState> COLUMNS = List.of(CallState.values());

  private static final String TABLE =
      """
      event                  ROUTING    CONNECTING ATTEMPT    BACKOFF    RESPONDING OVER
      routed                 CONNECTING -          -          -          -          -
      routed-expired         OVER       -          -          -          -          -
      connection             -          ATTEMPT    -          -          -          -
      no-connection-again    -          -          -          -          -          -
      no-connection          -          OVER       -          -          -          -
      wait-over              -          OVER       -          -          -          -
      informational          -          -          -          -          -          -
      malformed              -          -          OVER       -          -          -
      not-grpc               -          -          OVER       -          -          -
      headers                -          -          RESPONDING -          -          -
      trailers               -          -          OVER       -          OVER       -
      trailers-to-retry      -          -          BACKOFF    -          OVER       -
      trailers-without-any   -          -          OVER       -          OVER       -
      data                   -          -          OVER       -          -          -
      last-data              -          -          OVER       -          OVER       -
      closed-unprocessed     -          -          CONNECTING -          OVER       -
      closed                 -          -          OVER       -          OVER       -
      refused                -          -          CONNECTING -          OVER       -
      backoff-over           -          -          -          CONNECTING -          -
      deadline               OVER       OVER       OVER       OVER       OVER       -
      refuse                 OVER       OVER       OVER       OVER       OVER       -
      drop                   OVER       OVER       OVER       OVER       OVER       -
      client-gone            OVER       OVER       OVER       OVER       OVER       -
      """;

  private static final Map<String, Consumer<CallStateMachine<SimulatedAnswer, Integer>>> EVENTS =
      Map.ofEntries(
          Map.entry("routed", m -> m.onRouted(POLICY, 0, Duration.ZERO)),
          Map.entry("routed-expired", m -> m.onRouted(POLICY, GrpcTimeout.EXPIRED, Duration.ZERO)),
          Map.entry("connection", m -> m.onConnection(0)),
          Map.entry("no-connection-again", m -> m.onNoConnection("none", "refused", true)),
          Map.entry("no-connection", m -> m.onNoConnection("none", "refused", false)),
          Map.entry("wait-over", m -> m.onConnectionWaitOver("")),
          Map.entry("informational", m -> headers(m, SimulatedAnswer.informational(), false)),
          Map.entry("malformed", m -> headers(m, SimulatedAnswer.malformed(), false)),
          Map.entry("not-grpc", m -> headers(m, SimulatedAnswer.page(), false)),
          Map.entry("headers", m -> headers(m, SimulatedAnswer.head(), false)),
          Map.entry("trailers", m -> headers(m, trailers(GrpcStatusCode.OK), true)),
          Map.entry(
              "trailers-to-retry", m -> headers(m, trailers(GrpcStatusCode.UNAVAILABLE), true)),
          Map.entry("trailers-without-any", m -> headers(m, SimulatedAnswer.head(), true)),
          Map.entry("data", m -> m.onResponseData(1, BYTES, false)),
          Map.entry("last-data", m -> m.onResponseData(1, BYTES, true)),
          Map.entry("closed-unprocessed", m -> m.onAttemptClosed("lost", true, false, 0)),
          Map.entry("closed", m -> m.onAttemptClosed("lost", false, false, 0)),
          Map.entry("refused", m -> reset(m, AttemptFailure.REFUSED_STREAM)),
          Map.entry("backoff-over", m -> m.onBackoffOver()),
          Map.entry("deadline", m -> m.onDeadline()),
          Map.entry(
              "refuse", m -> m.refuse(CallEndReason.DRAIN, LocalReplyStatus.UNAVAILABLE, "drains")),
          Map.entry("drop", m -> m.drop(LocalReplyStatus.RESOURCE_EXHAUSTED)),
          Map.entry("client-gone", m -> m.onClientGone()));

  private final List<String> effects = new ArrayList<>();

  static Stream<String> rows() {
    return TABLE.lines().skip(1);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyEventHasItsNextState(String row) {
    String[] cells = row.split(" +", -1);
    for (int i = 0; i < COLUMNS.size(); i++) {
      CallStateMachine<SimulatedAnswer, Integer> machine = machineIn(COLUMNS.get(i), POLICY);
      event(cells[0]).accept(machine);
      CallState next = cells[i + 1].equals("-") ? COLUMNS.get(i) : CallState.valueOf(cells[i + 1]);
      assertThat(machine.state()).as("%s in %s", cells[0], COLUMNS.get(i)).isEqualTo(next);
    }
  }

  @Test
  void everyEventIsInTheTable() {
    assertThat(rows().map(row -> row.split(" +", -1)[0]))
        .containsExactlyInAnyOrderElementsOf(EVENTS.keySet());
  }

  @Test
  void callWithoutMoreAttemptsTellsTheClientThatItWasRefused() {
    CallStateMachine<SimulatedAnswer, Integer> machine = machineIn(CallState.ATTEMPT, ONCE);
    event("refused").accept(machine);
    assertThat(machine.state()).isEqualTo(CallState.OVER);
    assertThat(effects).contains("refuseStream").doesNotContain("replyLocally");
  }

  @Test
  void resetWithAnotherCodeIsALocalReply() {
    CallStateMachine<SimulatedAnswer, Integer> machine = machineIn(CallState.ATTEMPT, POLICY);
    reset(machine, INTERNAL_ERROR);
    assertThat(machine.state()).isEqualTo(CallState.OVER);
    assertThat(effects).contains("replyLocally").doesNotContain("refuseStream");
  }

  @Test
  void failureToConnectCountsAsAnAttempt() {
    CallStateMachine<SimulatedAnswer, Integer> machine = machineIn(CallState.CONNECTING, POLICY);
    for (int i = 0; i < POLICY.attempts(); i++) {
      assertThat(machine.state()).isEqualTo(CallState.CONNECTING);
      event("no-connection-again").accept(machine);
    }
    assertThat(machine.state()).isEqualTo(CallState.OVER);
    assertThat(machine.attempts()).isEqualTo(POLICY.attempts());
  }

  @Test
  void successfulCallHasTheseEffectsAndNoOthers() {
    CallStateMachine<SimulatedAnswer, Integer> machine = machineIn(CallState.RESPONDING, POLICY);
    event("data").accept(machine);
    event("trailers").accept(machine);
    assertThat(effects)
        .containsExactly(
            "startAge",
            "findEndpoint",
            "startConnectionWait",
            "stopConnectionWait",
            "openAttempt",
            "sendHeldRequest",
            "reportAnswer",
            "freeRequest",
            "forwardHeaders",
            "countData",
            "forwardData",
            "freeRequest",
            "recordEnd",
            "forwardHeaders",
            "stopTimers",
            "freeRequest",
            "endAttempt");
  }

  private CallStateMachine<SimulatedAnswer, Integer> machineIn(
      CallState state, RetryPolicy policy) {
    CallStateMachine<SimulatedAnswer, Integer> machine =
        new CallStateMachine<>(stubEffects(), true);
    List<String> path =
        switch (state) {
          case ROUTING -> List.of();
          case CONNECTING -> List.of("routed");
          case ATTEMPT -> List.of("routed", "connection");
          case BACKOFF -> List.of("routed", "connection", "trailers-to-retry");
          case RESPONDING -> List.of("routed", "connection", "headers");
          case OVER -> List.of("client-gone");
        };
    for (String each : path) {
      if (each.equals("routed")) {
        machine.onRouted(policy, 0, Duration.ZERO);
      } else {
        event(each).accept(machine);
      }
    }
    assertThat(machine.state()).isEqualTo(state);
    return machine;
  }

  private static Consumer<CallStateMachine<SimulatedAnswer, Integer>> event(String name) {
    Consumer<CallStateMachine<SimulatedAnswer, Integer>> event = EVENTS.get(name);
    if (event == null) {
      throw new IllegalArgumentException(
          "event: "
              + name
              + " (expected: one of "
              + EVENTS.keySet().stream().sorted().collect(Collectors.joining(", "))
              + ")");
    }
    return event;
  }

  private static void headers(
      CallStateMachine<SimulatedAnswer, Integer> machine, SimulatedAnswer answer, boolean end) {
    machine.onResponseHeaders(answer, answer.facts(), end, 0);
  }

  private static void reset(CallStateMachine<SimulatedAnswer, Integer> machine, long code) {
    machine.onAttemptReset(code);
    machine.onAttemptClosed("lost", false, false, 0);
  }

  private static SimulatedAnswer trailers(GrpcStatusCode status) {
    return new SimulatedAnswer(
        new ResponseFacts(false, false, false, "", true, status),
        Integer.toString(status.number()),
        null);
  }

  /** Effects that are only noted, and queries that are answered with yes. */
  @SuppressWarnings({"unchecked", "NullAway"})
  private CallEffects<SimulatedAnswer, Integer> stubEffects() {
    List<String> queries =
        Arrays.asList(
            "isRequestKept",
            "takeRetry",
            "grpcStatus",
            "pushback",
            "endpoint",
            "describe",
            "newBackoff",
            "statusOfHttp",
            "clientAttempts");
    return (CallEffects<SimulatedAnswer, Integer>)
        Proxy.newProxyInstance(
            CallEffects.class.getClassLoader(),
            new Class<?>[] {CallEffects.class},
            (proxy, method, arguments) -> {
              String name = method.getName();
              if (!queries.contains(name)) {
                effects.add(name);
              }
              return switch (name) {
                case "isRequestKept", "takeRetry" -> true;
                case "clientAttempts" -> 0;
                case "grpcStatus" -> ((SimulatedAnswer) arguments[0]).status();
                case "endpoint", "describe" -> name;
                case "statusOfHttp" -> LocalReplyStatus.UNAVAILABLE;
                case "newBackoff" ->
                    new Backoff(
                        new Backoff.BackoffOptions(Duration.ofMillis(1), Duration.ofMillis(1)),
                        new SplittableRandom(1));
                default -> null;
              };
            });
  }
}
