package dev.holdfast.registry.etcd;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.EtcdTransport.WatchCall;
import dev.holdfast.registry.etcd.EtcdTransport.WatchCallListener;
import dev.holdfast.registry.etcd.proto.WatchGrpc;
import dev.holdfast.registry.etcd.proto.WatchRequest;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream of watches at one member.
 *
 * <p>It carries {@code hasleader: true}, so a member that is cut off from the others closes it with
 * "no leader" instead of keeping it open in silence. Messages are asked for one by one as they are
 * worked off, so what waits on the scheduler is bounded by {@link #WINDOW_MESSAGES}.
 */
final class GrpcWatchCall implements WatchCall {
  /** How many messages may wait for the scheduler; the others wait in the connection's window. */
  @Limit(
      of = "messages of a watch that wait to be worked off",
      then = "the connection's window holds etcd back")
  static final int WINDOW_MESSAGES = 64;

  private static final Metadata.Key<String> HAS_LEADER =
      Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

  private final Scheduler scheduler;
  private final EtcdMember member;
  private final WatchCallListener listener;
  private final BiConsumer<GrpcWatchCall, @Nullable EtcdException> onEnd;
  private final List<WatchRequest> unsent = new ArrayList<>();
  private Metadata sentHeaders = new Metadata();
  private EtcdMember.@Nullable MemberStream<WatchRequest, WatchResponse> memberStream;
  private volatile boolean ended;

  /**
   * @param onEnd called once when the stream has ended, with the reason when its member is at fault
   */
  GrpcWatchCall(
      Scheduler scheduler,
      EtcdMember member,
      WatchCallListener listener,
      BiConsumer<GrpcWatchCall, @Nullable EtcdException> onEnd) {
    this.scheduler = scheduler;
    this.member = member;
    this.listener = listener;
    this.onEnd = onEnd;
  }

  WatchCallListener listener() {
    return listener;
  }

  EtcdMember member() {
    return member;
  }

  /** Opens the stream; what was sent before goes first. */
  void start() {
    if (ended) {
      return;
    }
    sentHeaders = member.token().headers();
    Metadata headers = new Metadata();
    headers.merge(sentHeaders);
    headers.put(HAS_LEADER, "true");
    EtcdMember.MemberStream<WatchRequest, WatchResponse> opened =
        member.openStream(WatchGrpc.getWatchMethod());
    memberStream = opened;
    opened.call().start(new Receiver(opened.call()), headers);
    opened.call().request(WINDOW_MESSAGES);
    unsent.forEach(opened.call()::sendMessage);
    unsent.clear();
  }

  /** Ends the stream before it began: there was no token. */
  void fail(EtcdException cause) {
    if (end(cause)) {
      listener.onClosed(cause);
    }
  }

  @Override
  public void send(WatchRequest request) {
    if (ended) {
      return;
    }
    if (memberStream == null) {
      unsent.add(request);
    } else {
      memberStream.call().sendMessage(request);
    }
  }

  @Override
  public void cancel() {
    if (end(null) && memberStream != null) {
      memberStream.call().cancel("no longer needed", null);
    }
  }

  @Override
  public void cancelUnresponsive() {
    EtcdException silent =
        new EtcdException(
            EtcdError.TIMEOUT, "etcd " + member.address() + ": the watch stream timed out");
    if (end(silent) && memberStream != null) {
      member.markUnresponsive(memberStream.channel());
      memberStream.call().cancel("silent", null);
    }
  }

  @Override
  public void invalidateToken() {
    member.token().invalidate(sentHeaders);
  }

  private boolean end(@Nullable EtcdException cause) {
    if (ended) {
      return false;
    }
    ended = true;
    onEnd.accept(this, cause);
    return true;
  }

  private final class Receiver extends ClientCall.Listener<WatchResponse> {
    private final ClientCall<WatchRequest, WatchResponse> call;

    Receiver(ClientCall<WatchRequest, WatchResponse> call) {
      this.call = call;
    }

    @Override
    public void onMessage(WatchResponse message) {
      if (ended) {
        return;
      }
      scheduler.execute(
          () -> {
            if (!ended) {
              call.request(1);
              listener.onResponse(message);
            }
          });
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (ended) {
        // Nobody is left to be told; the loop itself may have ended by now.
        return;
      }
      scheduler.execute(
          () -> {
            EtcdException cause =
                member.isClosed()
                    ? EtcdMember.closedException()
                    : member.exception(
                        status.isOk()
                            ? Status.UNAVAILABLE.withDescription("the watch stream ended")
                            : status);
            if (cause.error().isRetriableWithNewToken()) {
              invalidateToken();
            }
            if (end(cause)) {
              listener.onClosed(cause);
            }
          });
    }
  }
}
