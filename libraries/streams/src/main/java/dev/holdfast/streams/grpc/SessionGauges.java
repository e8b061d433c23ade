package dev.holdfast.streams.grpc;

import dev.holdfast.core.Subscription;
import dev.holdfast.streams.SessionState;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** The gauges of a server's sessions by state. */
final class SessionGauges {
  private SessionGauges() {}

  /** Shows them until it is closed. */
  static Subscription show(MeterRegistry meters, Supplier<List<ServerStream<?, ?>>> sessions) {
    List<Subscription> gauges =
        Arrays.stream(SessionState.values())
            .map(
                state ->
                    StreamMeter.SESSIONS.gauge(
                        meters, () -> count(sessions.get(), state), state.name()))
            .toList();
    return () -> gauges.forEach(Subscription::close);
  }

  private static long count(List<ServerStream<?, ?>> sessions, SessionState wanted) {
    return sessions.stream()
        .filter(stream -> stream.driver().locked(session -> session.state() == wanted))
        .count();
  }
}
