package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.VirtualScheduler;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.ClientStreamTracer.StreamInfo;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The machine of a repeated call, with attempts that end when the test says so. */
class RetriedCallTest {
  private static final Status DIED = Status.UNAVAILABLE.withDescription("connection reset");
  private static final MethodDescriptor<String, String> STREAMING =
      WordsService.GET.toBuilder().setType(MethodType.SERVER_STREAMING).build();

  private final VirtualScheduler time = new VirtualScheduler();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final IdempotentRetry retry =
      new IdempotentRetry(RetryOptions.DEFAULT, time, Runnable::run, meters, "words");
  private final Attempts attempts = new Attempts();
  private final List<String> heard = new ArrayList<>();

  @Test
  void anAnswerThatBreaksOffBeforeItsEndIsRepeatedAndNeverSeen() {
    begin(WordsService.GET);
    attempts.get(0).answer("half").end(DIED);
    runPauses();
    attempts.get(1).answer("whole").endByServer(Status.OK);
    assertThat(heard).containsExactly("headers", "whole", "OK");
  }

  @Test
  void aServersOwnUnavailableIsTheEndWhateverCameBefore() {
    begin(WordsService.GET);
    attempts.get(0).answer("half").endByServer(Status.UNAVAILABLE);
    assertThat(attempts.all).hasSize(1);
    assertThat(heard).containsExactly("headers", "half", "UNAVAILABLE");
  }

  @Test
  void aCallThatMetAClosedSocketIsRepeatedThoughGrpcCallsItUnknown() {
    begin(WordsService.GET);
    attempts.get(0).end(Status.UNKNOWN.withCause(new ClosedChannelException()));
    runPauses();
    attempts.get(1).answer("whole").endByServer(Status.OK);
    assertThat(heard).containsExactly("headers", "whole", "OK");
  }

  @Test
  void anUnknownOfAnyOtherCauseIsTheEnd() {
    begin(WordsService.GET);
    attempts.get(0).end(Status.UNKNOWN.withCause(new IllegalStateException("a bug")));
    runPauses();
    assertThat(heard).containsExactly("UNKNOWN");
  }

  @Test
  void everyOtherStatusIsTheEnd() {
    begin(WordsService.GET);
    attempts.get(0).end(Status.INTERNAL);
    assertThat(heard).containsExactly("INTERNAL");
    assertThat(attempts.all).hasSize(1);
  }

  @Test
  void aStreamThatHasBegunIsNotRepeated() {
    begin(STREAMING);
    attempts.get(0).answer("first").end(DIED);
    runPauses();
    assertThat(attempts.all).hasSize(1);
    assertThat(heard).containsExactly("headers", "first", "UNAVAILABLE");
  }

  @Test
  void aStreamThatHasNotBegunIsRepeated() {
    begin(STREAMING);
    attempts.get(0).end(DIED);
    runPauses();
    attempts.get(1).answer("first").answer("second").endByServer(Status.OK);
    assertThat(heard).containsExactly("headers", "first", "second", "OK");
  }

  @Test
  void theRepeatedAttemptGetsTheSameRequest() {
    begin(WordsService.GET);
    attempts.get(0).end(DIED);
    runPauses();
    FakeCall second = attempts.get(1);
    assertThat(second.sent).containsExactly("word");
    assertThat(second.halfClosed).isTrue();
    assertThat(second.requested).isEqualTo(2);
    assertThat(second.headers.get(RetriedCall.PREVIOUS_ATTEMPTS)).isEqualTo("1");
  }

  @Test
  void anAttemptThatFailsBeforeTheRequestIsSentIsRepeatedWhenItIs() {
    ClientCall<String, String> call = open(WordsService.GET);
    attempts.get(0).end(DIED);
    runPauses();
    assertThat(attempts.all).hasSize(1);
    call.request(1);
    call.sendMessage("late");
    call.halfClose();
    runPauses();
    assertThat(attempts.get(1).sent).containsExactly("late");
    assertThat(attempts.get(1).requested).isEqualTo(1);
  }

  @Test
  void cancellingBeforeTheRequestIsSentEndsTheCall() {
    ClientCall<String, String> call = open(WordsService.GET);
    attempts.get(0).end(DIED);
    call.cancel("enough", null);
    assertThat(attempts.get(1).cancelled).isTrue();
  }

  @Test
  void cancellingDuringThePauseStartsNothingLater() {
    ClientCall<String, String> call = begin(WordsService.GET);
    attempts.get(0).end(DIED);
    call.cancel("enough", null);
    assertThat(attempts.get(1).cancelled).isTrue();
    runPauses();
    assertThat(attempts.all).hasSize(2);
  }

  @Test
  void anAttemptThatFailsInsideItsStartIsFollowedByTheNext() {
    attempts.failOnStart = 3;
    begin(WordsService.GET);
    runPauses();
    assertThat(attempts.all).hasSize(4);
    attempts.get(3).answer("at last").endByServer(Status.OK);
    assertThat(heard).containsExactly("headers", "at last", "OK");
    assertThat(attempts.get(3).requested).isEqualTo(2);
  }

  @Test
  void theLastFailureIsTheOneTheApplicationHears() {
    attempts.failOnStart = 10;
    begin(WordsService.GET);
    runPauses();
    assertThat(attempts.all).hasSize(RetryOptions.DEFAULT.maxAttempts());
    assertThat(heard).containsExactly("UNAVAILABLE");
    assertThat(meters.get("holdfast.grpc.calls.retried").counter().count()).isEqualTo(1);
    assertThat(meters.get("holdfast.grpc.retries").counter().count()).isEqualTo(3);
  }

  @Test
  void askingForMoreDuringThePauseIsNotForgotten() {
    ClientCall<String, String> call = begin(STREAMING);
    attempts.get(0).end(DIED);
    call.request(5);
    runPauses();
    assertThat(attempts.get(1).requested).isEqualTo(7);
    call.request(1);
    assertThat(attempts.get(1).requested).isEqualTo(8);
  }

  private ClientCall<String, String> begin(MethodDescriptor<String, String> method) {
    ClientCall<String, String> call = open(method);
    call.request(2);
    call.sendMessage("word");
    call.halfClose();
    return call;
  }

  private ClientCall<String, String> open(MethodDescriptor<String, String> method) {
    ClientCall<String, String> call = retry.interceptCall(method, CallOptions.DEFAULT, attempts);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata headers) {
            heard.add("headers");
          }

          @Override
          public void onMessage(String message) {
            heard.add(message);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            heard.add(status.getCode().name());
          }
        },
        new Metadata());
    return call;
  }

  /** Longer than all backoffs together. */
  private void runPauses() {
    time.advance(Duration.ofSeconds(10));
  }

  private static final class Attempts extends Channel {
    final List<FakeCall> all = new ArrayList<>();
    int failOnStart;

    FakeCall get(int index) {
      return all.get(index);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      FakeCall call = new FakeCall(options, failOnStart-- > 0);
      all.add(call);
      return (ClientCall<Q, A>) (ClientCall<?, ?>) call;
    }

    @Override
    public String authority() {
      return "words";
    }
  }

  private static final class FakeCall extends ClientCall<String, String> {
    final List<String> sent = new ArrayList<>();
    Metadata headers = new Metadata();
    int requested;
    boolean halfClosed;
    boolean cancelled;
    private final List<ClientStreamTracer> tracers = new ArrayList<>();
    private final boolean failsOnStart;
    private Listener<String> listener = new Listener<>() {};
    private boolean headersDelivered;

    FakeCall(CallOptions options, boolean failsOnStart) {
      this.failsOnStart = failsOnStart;
      for (ClientStreamTracer.Factory factory : options.getStreamTracerFactories()) {
        tracers.add(factory.newClientStreamTracer(StreamInfo.newBuilder().build(), new Metadata()));
      }
    }

    FakeCall answer(String message) {
      if (!headersDelivered) {
        headersDelivered = true;
        listener.onHeaders(new Metadata());
      }
      listener.onMessage(message);
      return this;
    }

    void end(Status status) {
      listener.onClose(status, new Metadata());
    }

    void endByServer(Status status) {
      tracers.forEach(tracer -> tracer.inboundTrailers(new Metadata()));
      end(status);
    }

    @Override
    public void start(Listener<String> newListener, Metadata newHeaders) {
      listener = newListener;
      headers = newHeaders;
      if (failsOnStart) {
        end(DIED);
      }
    }

    @Override
    public void request(int count) {
      requested += count;
    }

    @Override
    public void sendMessage(String message) {
      sent.add(message);
    }

    @Override
    public void halfClose() {
      halfClosed = true;
    }

    @Override
    public void cancel(String reason, Throwable cause) {
      cancelled = true;
    }
  }
}
