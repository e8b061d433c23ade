package dev.holdfast.bench.load;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.Channel;
import java.util.concurrent.TimeUnit;

/**
 * The warm-up calls of a channel, one after the other and with generous deadlines. The time that a
 * cold JVM takes to load classes and to connect belongs to no figure.
 */
public final class WarmUpCalls {
  private static final long PATIENCE_SECONDS = 180;
  private static final ByteString PAYLOAD = ByteString.copyFrom(new byte[64]);

  private WarmUpCalls() {}

  /**
   * Makes calls one after the other; each waits for a connection.
   *
   * @throws io.grpc.StatusRuntimeException when one fails
   */
  public static void make(Channel channel, int calls) {
    EchoRequest request = EchoRequest.newBuilder().setPayload(PAYLOAD).build();
    for (int i = 0; i < calls; i++) {
      var unused =
          EchoGrpc.newBlockingStub(channel)
              .withWaitForReady()
              .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
              .call(request);
    }
  }
}
