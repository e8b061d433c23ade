package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.traffic.CallStatisticsKey;
import dev.holdfast.gateway.traffic.CallStatisticsTotals;
import dev.holdfast.gateway.traffic.Outcomes;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is counted of calls between stock clients and servers. */
class TrafficTest {
  private static final CallStatisticsKey OTHER = new CallStatisticsKey("all", "echo", "other");

  private final GatewayRig rig = new GatewayRig();
  private Gateway gateway;
  private Channel channel;

  @BeforeEach
  void open() throws Exception {
    gateway = rig.gateway(rig.serve(new Echo()));
    channel = rig.channel(gateway);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void callsAndAttemptsAreCountedByMethodAndStatusWithTheirBytes() {
    call(Echo.UNARY, new byte[100]);
    call(Echo.UNARY, new byte[2_000]);
    assertThatThrownBy(() -> call(Echo.FAIL, "NOT_FOUND:x".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(StatusRuntimeException.class);

    CallStatisticsTotals unary = kind("test.Echo/Unary");
    assertThat(unary.started()).isEqualTo(2);
    assertThat(unary.startedAttempts()).isEqualTo(2);
    assertThat(unary.open()).isZero();
    Outcomes.OutcomeDistributions ok = of(unary.calls(), GrpcStatusCode.OK);
    assertThat(ok.nanos().count()).isEqualTo(2);
    assertThat(ok.nanos().quantile(0.5)).isPositive();
    assertThat(ok.requestBytes().sum()).isEqualTo(2_110);
    assertThat(ok.answerBytes().sum()).isEqualTo(2_110);
    assertThat(of(unary.attempts(), GrpcStatusCode.OK).nanos().count()).isEqualTo(2);
    // Nobody began to answer it, so its name counts for nothing.
    assertThat(of(kind("other").calls(), GrpcStatusCode.NOT_FOUND).nanos().count()).isEqualTo(1);
  }

  @Test
  void methodsThatAClientMakesUpAreCountedTogether() {
    for (int i = 0; i < 50; i++) {
      MethodDescriptor<byte[], byte[]> made =
          Echo.ABSENT.toBuilder().setFullMethodName("made.Up" + i + "/Method").build();
      assertThatThrownBy(() -> call(made, new byte[1])).hasMessageContaining("UNIMPLEMENTED");
    }
    assertThat(sums().keySet()).extracting(CallStatisticsKey::method).containsOnly("other");
    assertThat(kind("other").started()).isEqualTo(50);
  }

  @Test
  void aStreamIsOpenUntilItsClientLeaves() {
    ClientCall<byte[], byte[]> talk = channel.newCall(Echo.TALK, CallOptions.DEFAULT);
    CollectedResponses answers = new CollectedResponses();
    ClientCalls.asyncBidiStreamingCall(talk, answers).onNext(new byte[1]);
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(() -> sums().keySet().stream().anyMatch(k -> k.method().equals("test.Echo/Talk")));
    assertThat(kind("test.Echo/Talk").open()).isEqualTo(1);

    talk.cancel("enough", null);
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(() -> kind("test.Echo/Talk").open() == 0);
    assertThat(kind("test.Echo/Talk").calls().byStatus())
        .containsOnlyKeys(GrpcStatusCode.CANCELLED);
  }

  @Test
  void anAttemptThatAnotherFollowsIsCountedApart() throws Exception {
    Gateway other = rig.gateway("127.0.0.1:1");
    assertThatThrownBy(
            () ->
                ClientCalls.blockingUnaryCall(
                    rig.channel(other), Echo.UNARY, CallOptions.DEFAULT, new byte[1]))
        .hasMessageContaining("UNAVAILABLE");
    CallStatisticsTotals there = Objects.requireNonNull(other.callStatistics().sums().get(OTHER));
    assertThat(there.startedAttempts()).isZero();
    assertThat(there.calls().byStatus()).containsOnlyKeys(GrpcStatusCode.UNAVAILABLE);
    assertThat(there.attempts().count()).isZero();
  }

  private byte[] call(MethodDescriptor<byte[], byte[]> method, byte[] request) {
    return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
  }

  private Map<CallStatisticsKey, CallStatisticsTotals> sums() {
    return gateway.callStatistics().sums();
  }

  private CallStatisticsTotals kind(String method) {
    return Objects.requireNonNull(sums().get(new CallStatisticsKey("all", "echo", method)), method);
  }

  private static Outcomes.OutcomeDistributions of(Outcomes outcomes, GrpcStatusCode status) {
    return Objects.requireNonNull(outcomes.byStatus().get(status), status.name());
  }
}
