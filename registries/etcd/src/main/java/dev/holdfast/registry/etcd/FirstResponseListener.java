package dev.holdfast.registry.etcd;

import dev.holdfast.core.Scheduler;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The first answer to one request, as a task of the scheduler; exactly one of the two is called.
 *
 * <p>A lease's keepalive is a stream in etcd's API. One request and one answer per stream gives
 * each a deadline of its own and lets it go to any member, for the price of one HTTP/2 stream.
 */
final class FirstResponseListener<R> extends ClientCall.Listener<R> {
  private final Scheduler scheduler;
  private final Consumer<? super R> onReply;
  private final Consumer<? super Status> onFailure;
  private @Nullable R reply;

  FirstResponseListener(
      Scheduler scheduler, Consumer<? super R> onReply, Consumer<? super Status> onFailure) {
    this.scheduler = scheduler;
    this.onReply = onReply;
    this.onFailure = onFailure;
  }

  <Q> void start(ClientCall<Q, R> call, Metadata headers, Q request) {
    call.start(this, headers);
    // Two: grpc-java delivers the end of a unary call only after a second message was asked for.
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
  }

  @Override
  public void onMessage(R message) {
    if (reply == null) {
      reply = message;
    }
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    R received = reply;
    if (status.isOk() && received != null) {
      scheduler.execute(() -> onReply.accept(received));
    } else {
      Status failure =
          status.isOk() ? Status.INTERNAL.withDescription("ended without an answer") : status;
      scheduler.execute(() -> onFailure.accept(failure));
    }
  }
}
