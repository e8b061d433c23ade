package dev.holdfast.bench.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The counts of the streams of the soak test. */
class SoakStreamTest {
  @Test
  void wholeSubscriptionHasItsLastMessage() {
    SoakStream stream = open(SoakStream.Kind.SUBSCRIPTION);
    stream.onNext(SoakMessage.of(1, false));
    assertThat(stream.counts().missing()).isEqualTo(1);
    stream.finish();
    stream.onNext(SoakMessage.of(2, true));
    stream.onCompleted();

    assertThat(stream.counts()).isEqualTo(new SoakCounts(0, 2, 0, 0, 0, 0, 0, ""));
  }

  @Test
  void messagesThatComeTwiceOrTooEarlyAreCounted() {
    SoakStream stream = open(SoakStream.Kind.CHAT);
    for (int number : new int[] {1, 2, 2, 5, 4}) {
      stream.onNext(SoakMessage.of(number, false));
    }

    assertThat(stream.counts().duplicated()).isEqualTo(2);
    assertThat(stream.counts().reordered()).isEqualTo(1);
  }

  @Test
  void chatMissesWhatWasNotSaidBack() {
    SoakStream stream = open(SoakStream.Kind.CHAT);
    stream.send();
    stream.send();
    stream.onNext(SoakMessage.of(1, false));

    assertThat(stream.counts().missing()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3})
  void answerOfAnUploadThatIsAnotherNumberIsAFault(long answered) {
    SoakStream stream = open(SoakStream.Kind.UPLOAD);
    stream.send();
    stream.send();
    stream.finish();
    stream.onNext(SoakMessage.of(answered, true));

    assertThat(stream.counts().missing()).isEqualTo(1);
  }

  @Test
  void endThatTheApplicationDidNotWantIsCounted() {
    SoakStream failed = open(SoakStream.Kind.CHAT);
    failed.onError(Status.UNAVAILABLE.withDescription("gone").asException());
    SoakStream completed = open(SoakStream.Kind.CHAT);
    completed.onCompleted();
    SoakCounts both = failed.counts().plus(completed.counts());

    assertThat(both.ended()).isEqualTo(2);
    assertThat(both.open()).isZero();
    assertThat(SoakCounts.parse(both.line())).isEqualTo(both);
    assertThat(both.cause()).contains("gone");
  }

  @Test
  void messageThatChangedOnItsWayIsRefused() {
    byte[] bytes = SoakMessage.of(5, false).getValue().toByteArray();
    bytes[bytes.length - 1]++;

    assertThatThrownBy(() -> SoakMessage.number(BytesValue.of(ByteString.copyFrom(bytes))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5");
  }

  private static SoakStream open(SoakStream.Kind kind) {
    return SoakStream.open(kind, 2, new ReadyChannel(), 1_000);
  }

  /** A channel whose calls take everything and say nothing. */
  private static final class ReadyChannel extends Channel {
    @Override
    public <Q, P> ClientCall<Q, P> newCall(MethodDescriptor<Q, P> method, CallOptions options) {
      return new ClientCall<>() {
        @Override
        public void start(Listener<P> listener, Metadata headers) {}

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(String message, Throwable cause) {}

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(Q message) {}

        @Override
        public boolean isReady() {
          return true;
        }
      };
    }

    @Override
    public String authority() {
      return "nobody";
    }
  }
}
