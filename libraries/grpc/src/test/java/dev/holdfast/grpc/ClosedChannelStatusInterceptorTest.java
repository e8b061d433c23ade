package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClosedChannelStatusInterceptorTest {
  private static final Status CLOSED =
      Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());

  @Test
  void aSocketThatWasClosedIsUnavailable() {
    Status heard = endOf(CLOSED);
    assertThat(heard.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(heard.getDescription()).isEqualTo("channel closed");
    assertThat(heard.getCause()).isSameAs(CLOSED.getCause());
  }

  @Test
  void everyOtherStatusIsLeftAsItIs() {
    for (Status other :
        List.of(
            Status.OK,
            Status.UNKNOWN.withDescription("said by the server"),
            Status.UNKNOWN.withCause(new IllegalStateException("thrown by a listener")),
            Status.CANCELLED.withCause(new ClosedChannelException()))) {
      assertThat(endOf(other)).isSameAs(other);
    }
  }

  /** Credentials fail a call where sockets do: below all interceptors. */
  @Test
  void everyChannelSaysSo() throws Exception {
    try (LoopbackTopology loopbackTopology = new LoopbackTopology()) {
      int port = loopbackTopology.serve(new WordsService("a")).getPort();
      for (HoldfastChannelBuilder each :
          List.of(
              loopbackTopology.builder(),
              HoldfastChannelBuilder.forTarget("127.0.0.1:" + port).usePlaintext())) {
        ManagedChannel channel = loopbackTopology.channel(each);
        assertThatThrownBy(
                () ->
                    ClientCalls.blockingUnaryCall(
                        channel,
                        WordsService.PLACE,
                        CallOptions.DEFAULT
                            .withCallCredentials(new ClosedSocket())
                            .withDeadlineAfter(60, TimeUnit.SECONDS),
                        "one"))
            .isInstanceOf(StatusRuntimeException.class)
            .hasMessage("UNAVAILABLE: channel closed");
      }
    }
  }

  private static final class ClosedSocket extends CallCredentials {
    @Override
    public void applyRequestMetadata(RequestInfo request, Executor work, MetadataApplier applier) {
      applier.fail(CLOSED);
    }
  }

  private static Status endOf(Status status) {
    List<Status> heard = new ArrayList<>();
    ClientCall<String, String> call =
        ClosedChannelStatusInterceptor.INSTANCE.interceptCall(
            WordsService.GET, CallOptions.DEFAULT, new EndingChannel(status));
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status end, Metadata trailers) {
            heard.add(end);
          }
        },
        new Metadata());
    assertThat(heard).hasSize(1);
    return heard.get(0);
  }

  /** Its calls end as soon as they start. */
  private static final class EndingChannel extends Channel {
    private final Status status;

    EndingChannel(Status status) {
      this.status = status;
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      return new ClientCall<>() {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          listener.onClose(status, new Metadata());
        }

        @Override
        public void request(int count) {}

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
      return "test";
    }
  }
}
