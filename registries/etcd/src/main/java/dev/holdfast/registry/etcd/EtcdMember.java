package dev.holdfast.registry.etcd;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import dev.holdfast.registry.etcd.EtcdException.ProtocolMismatch;
import dev.holdfast.registry.etcd.proto.AuthGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A member of the etcd cluster, with its channel and its authentication token.
 *
 * <p>A channel that failed or did not answer is replaced before the next request. grpc-java would
 * wait out its reconnect backoff first, which grows to minutes, and a channel whose packets are
 * dropped would stay READY for a quarter of an hour. {@link EtcdMembers} decides when a request is
 * sent. Confined to the scheduler.
 */
final class EtcdMember {
  private static final Duration PROBE_INTERVAL = Duration.ofSeconds(10);

  private final HostPort address;
  private final EtcdChannels channels;
  private final Scheduler scheduler;
  private final EtcdToken token;
  private @Nullable ManagedChannel channel;
  private int channelVersion;
  private boolean unresponsive;
  private boolean answered;
  private boolean closed;
  private ProtocolMismatch mismatch = ProtocolMismatch.NONE;
  private boolean probed;
  private long lastProbeNanos;

  EtcdMember(
      HostPort address,
      EtcdChannels channels,
      Optional<EtcdPassword> password,
      Scheduler scheduler) {
    this.address = address;
    this.channels = channels;
    this.scheduler = scheduler;
    this.token =
        new EtcdToken(
            address.toString(),
            password,
            (request, timeout, onReply, onError) ->
                send(
                    AuthGrpc.getAuthenticateMethod(),
                    request,
                    timeout,
                    new Metadata(),
                    onReply,
                    onError),
            scheduler);
  }

  HostPort address() {
    return address;
  }

  EtcdToken token() {
    return token;
  }

  /** Sends one request and takes the first answer. Exactly one of the two is called, later. */
  <Q, R> void send(
      MethodDescriptor<Q, R> method,
      Q request,
      Duration timeout,
      Metadata headers,
      Consumer<? super R> onReply,
      Consumer<? super EtcdException> onError) {
    if (closed) {
      scheduler.execute(() -> onError.accept(closedException()));
      return;
    }
    ManagedChannel usable = usableChannel();
    FirstResponseListener<R> reply =
        new FirstResponseListener<>(
            scheduler,
            answer -> {
              answered = true;
              mismatch = ProtocolMismatch.NONE;
              onReply.accept(answer);
            },
            status -> {
              if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
                markUnresponsive(usable);
              }
              afterProbe(
                  status, () -> onError.accept(closed ? closedException() : exception(status)));
            });
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    reply.start(usable.newCall(method, options), headers, request);
  }

  /** A stream, and the channel it goes over. */
  record MemberStream<Q, R>(ManagedChannel channel, ClientCall<Q, R> call) {}

  <Q, R> MemberStream<Q, R> openStream(MethodDescriptor<Q, R> method) {
    ManagedChannel usable = usableChannel();
    return new MemberStream<>(usable, usable.newCall(method, CallOptions.DEFAULT));
  }

  /** Says that a channel of this member did not answer. */
  void markUnresponsive(ManagedChannel silent) {
    if (silent == channel) {
      unresponsive = true;
    }
  }

  EtcdException exception(Status status) {
    return EtcdException.of(status, address.toString(), mismatch);
  }

  /**
   * Finds out, before a failure is reported, which protocol a member speaks that hung up and has
   * never answered: a stopping one and one that wants TLS end a connection in the same way.
   */
  private void afterProbe(Status status, Runnable report) {
    long now = scheduler.clock().nanoTime();
    boolean due = !probed || now - lastProbeNanos >= PROBE_INTERVAL.toNanos();
    boolean plainText = channels.arePlainText();
    boolean ambiguous =
        plainText ? EtcdException.isHangUp(status) : EtcdException.isHangUpInHandshake(status);
    if (answered || closed || !due || !ambiguous) {
      report.run();
      return;
    }
    probed = true;
    lastProbeNanos = now;
    OffloadExecutor.shared()
        .execute(
            () -> {
              boolean differs =
                  plainText ? ProtocolProbe.speaksTls(address) : ProtocolProbe.speaksHttp2(address);
              scheduler.execute(
                  () -> {
                    mismatch =
                        !differs || answered
                            ? ProtocolMismatch.NONE
                            : plainText
                                ? ProtocolMismatch.MEMBER_SPEAKS_TLS
                                : ProtocolMismatch.MEMBER_SPEAKS_PLAIN_TEXT;
                    report.run();
                  });
            });
  }

  boolean isClosed() {
    return closed;
  }

  void close() {
    closed = true;
    token.close();
    if (channel != null) {
      channel.shutdownNow();
    }
  }

  static EtcdException closedException() {
    return new EtcdException(EtcdError.CLOSED, "the registry was closed");
  }

  private ManagedChannel usableChannel() {
    int version = channels.version();
    ManagedChannel current = channel;
    if (current != null) {
      if (current.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
        current.shutdownNow();
      } else if (unresponsive || version != channelVersion) {
        // What is under way on it may still end well, and decides for itself when to give up.
        current.shutdown();
      } else {
        return current;
      }
    }
    unresponsive = false;
    channelVersion = version;
    ManagedChannel opened = channels.open(address);
    channel = opened;
    return opened;
  }
}
