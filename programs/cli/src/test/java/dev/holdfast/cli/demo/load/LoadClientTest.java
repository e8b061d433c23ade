package dev.holdfast.cli.demo.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoadClientTest {
  private static final int RATE = 100;

  @Test
  void callsOfHalfASecondWaitForAnAnswerAndTheRestIsLeftOut() throws Exception {
    SilentChannel channel = new SilentChannel();
    CallStats stats = new CallStats();
    try (LoadClient client = new LoadClient("test", channel, stats, RATE)) {
      client.start();
      Awaitility.await().until(() -> stats.clientCallTotals().heldBack() >= RATE);

      assertThat(channel.listeners).hasSize(RATE / 2);
      channel.listeners.forEach(SilentChannel::refuse);
      Awaitility.await().until(() -> channel.listeners.size() == RATE);

      channel.open = false;
      channel.listeners.subList(RATE / 2, RATE).forEach(SilentChannel::refuse);
    }

    assertThat(stats.clientCallTotals().failed()).isGreaterThanOrEqualTo(RATE);
  }

  @Test
  void callsHaveTheTimeThatABusyMachineTakes() throws Exception {
    SilentChannel channel = new SilentChannel();
    channel.open = false;
    try (LoadClient client = new LoadClient("test", channel, new CallStats(), RATE)) {
      client.start();
      Awaitility.await().until(() -> !channel.leftSeconds.isEmpty());
    }

    // Those of a machine with thirty programs that want its two cores take seconds.
    assertThat(channel.leftSeconds.get(0)).isBetween(5L, 30L);
  }

  /** A channel whose calls have no answer, until it is no longer open and refuses them. */
  private static final class SilentChannel extends Channel {
    private final List<ClientCall.Listener<?>> listeners = new CopyOnWriteArrayList<>();
    private final List<Long> leftSeconds = new CopyOnWriteArrayList<>();
    private volatile boolean open = true;

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      Deadline deadline = Objects.requireNonNull(options.getDeadline());
      leftSeconds.add(deadline.timeRemaining(TimeUnit.SECONDS));
      return new ClientCall<>() {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          if (open) {
            listeners.add(listener);
          } else {
            refuse(listener);
          }
        }

        @Override
        public void request(int numMessages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {}

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(Q message) {}
      };
    }

    @Override
    public String authority() {
      return "silent";
    }

    private static void refuse(ClientCall.Listener<?> listener) {
      listener.onClose(Status.UNAVAILABLE, new Metadata());
    }
  }
}
