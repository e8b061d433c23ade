package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Stopwatch;
import com.google.common.base.Ticker;
import io.grpc.internal.KeepAliveManager;
import io.grpc.internal.KeepAliveManager.KeepAlivePinger;
import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The model of stock keepalive does what grpc-java's own class does, play by play. */
class GrpcKeepalivePolicyTest {
  private static final int PLAYS = 150;
  private static final Duration TIME = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  @ParameterizedTest
  @EnumSource
  void playsExactlyAsGrpcJavaDoes(KeepaliveScenario.PeerFailure peerFailure) {
    KeepaliveScenario keepaliveScenario = KeepaliveScenario.mobileDevice(peerFailure);
    long closes = 0;
    for (long seed = 0; seed < PLAYS; seed++) {
      KeepaliveSimulation.KeepaliveSimulationResult model =
          KeepaliveSimulation.stock(seed, keepaliveScenario, TIME, TIMEOUT);
      KeepaliveSimulation.KeepaliveSimulationResult grpc =
          new KeepaliveSimulation(
                  seed,
                  keepaliveScenario,
                  GrpcKeeper::new,
                  KeepaliveSimulation.KeepaliveSimulationObserver.NONE)
              .run();
      assertThat(model).as("seed " + seed).isEqualTo(grpc);
      closes += model.falseCloses();
    }
    assertThat(closes).isPositive();
  }

  /** grpc-java's KeepAliveManager in virtual time. */
  private static final class GrpcKeeper implements KeepalivePolicy, KeepAlivePinger {
    private final KeepaliveActions keepaliveActions;
    private final List<Task> tasks = new ArrayList<>();
    private final KeepAliveManager manager;
    private long nowNanos;

    private record Task(Runnable work, long atNanos) {}

    GrpcKeeper(KeepaliveActions keepaliveActions, long nowNanos) {
      this.keepaliveActions = keepaliveActions;
      this.nowNanos = nowNanos;
      Ticker ticker =
          new Ticker() {
            @Override
            public long read() {
              return GrpcKeeper.this.nowNanos;
            }
          };
      manager = create(Stopwatch.createUnstarted(ticker));
      manager.onTransportStarted();
    }

    private KeepAliveManager create(Stopwatch stopwatch) {
      try {
        Constructor<KeepAliveManager> constructor =
            KeepAliveManager.class.getDeclaredConstructor(
                KeepAlivePinger.class,
                ScheduledExecutorService.class,
                Stopwatch.class,
                long.class,
                long.class,
                boolean.class);
        constructor.setAccessible(true);
        return constructor.newInstance(
            this, scheduler(), stopwatch, TIME.toNanos(), TIMEOUT.toNanos(), true);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("grpc-java's keepalive has changed", e);
      }
    }

    /** Knows {@code schedule} and the {@code cancel} of what it returns, which is all it takes. */
    @SuppressWarnings("FutureReturnValueIgnored") // It is returned.
    private ScheduledExecutorService scheduler() {
      return proxy(
          ScheduledExecutorService.class,
          args -> {
            long delayNanos = ((TimeUnit) args[2]).toNanos((long) args[1]);
            Task task = new Task((Runnable) args[0], nowNanos + delayNanos);
            tasks.add(task);
            return proxy(ScheduledFuture.class, none -> tasks.remove(task));
          });
    }

    private interface Call {
      Object with(Object[] args);
    }

    private static <T> T proxy(Class<T> type, Call call) {
      return type.cast(
          Proxy.newProxyInstance(
              type.getClassLoader(),
              new Class<?>[] {type},
              (self, method, args) -> call.with(args)));
    }

    @Override
    public void onRead(long now, boolean callFrame) {
      nowNanos = now;
      manager.onDataReceived();
    }

    @Override
    public void onTimeout(long now) {
      nowNanos = now;
      for (Task task : List.copyOf(tasks)) {
        if (task.atNanos <= now && tasks.remove(task)) {
          task.work.run();
        }
      }
    }

    @Override
    public long nextDeadlineNanos() {
      return tasks.stream().mapToLong(Task::atNanos).min().orElse(SimulatedTcpSender.NEVER);
    }

    @Override
    public void ping() {
      keepaliveActions.ping();
    }

    @Override
    public void onPingTimeout() {
      keepaliveActions.close();
    }

    @Override
    public boolean admitsCall(long now) {
      return true;
    }

    @Override
    public void onWritten(long now) {}

    @Override
    public void onCalls(int calls) {}

    @Override
    public void onPingAnswered(long now, long roundTripNanos) {}

    @Override
    public void onReplacement(long now, ReplacementState state) {}
  }
}
