package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.limits.ResumeMeters;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call target whose calls outlive the connection of their reader. It begins a stream, or attaches
 * the request to one that began earlier.
 */
public final class ResumeTarget implements CallTarget {
  private static final CallEnd TOO_MANY_RELAYS =
      CallEnd.of(
          GrpcStatusCode.UNAVAILABLE,
          "gateway: resume: too many readers of streams that earlier gateways have (expected: "
              + RelayBudget.PERCENT
              + " % of the open files of the process at most)");

  private final ResumeSessions sessions;
  private final CallTarget upstream;
  private final Route route;
  private final ResumePolicy policy;
  private final ResumePoint point;
  private final @Nullable ResumeToken token;
  private final boolean attachesAtOnce;

  /**
   * Creates the target of one request.
   *
   * @param upstream the target of a stream that begins
   * @param route of the request, with a policy
   * @param point the position that the request's codec writes
   * @param token the place to go on from; null for a stream that begins
   * @param attachesAtOnce whether the reader is told the stream's id before the first message;
   *     otherwise a reader is attached once its request is known to be that of the stream
   */
  public ResumeTarget(
      ResumeSessions sessions,
      CallTarget upstream,
      Route route,
      ResumePoint point,
      @Nullable ResumeToken token,
      boolean attachesAtOnce) {
    this.sessions = sessions;
    this.upstream = upstream;
    this.route = route;
    this.policy = route.options().resume().orElseThrow();
    this.point = point;
    this.token = token;
    this.attachesAtOnce = attachesAtOnce;
  }

  @Override
  public OutgoingCall begin(HttpExchange web, Http2Headers headers, CallListener listener) {
    SessionKey key =
        new SessionKey(
            String.valueOf(headers.path()),
            ResumePrincipal.of(web.clientIdentity(), web.headers(), headers, policy.principal()));
    ResumeToken from = token;
    return from == null ? open(web, headers, listener, key) : resume(web, listener, from, key);
  }

  private OutgoingCall open(
      HttpExchange web, Http2Headers headers, CallListener listener, SessionKey key) {
    ResumeSession session = sessions.open(route, policy, key, web.loop());
    if (session == null) {
      web.loop().meters().resume().reader("not_kept");
      return upstream.begin(web, headers, listener);
    }
    ResumedCall reader = new ResumedCall(web.loop().eventLoop(), session, listener, point, null);
    if (point.acknowledges()) {
      session.acknowledgeFromTheBeginning();
    }
    session.begin(upstream, web, headers, reader, attachesAtOnce);
    return reader;
  }

  private OutgoingCall resume(
      HttpExchange web, CallListener listener, ResumeToken from, SessionKey key) {
    ResumeMeters meters = web.loop().meters().resume();
    if (from.superseded()) {
      meters.reader(ResumeRefusal.SUPERSEDED.tag());
      return refused(listener, ResumeRefusal.superseded());
    }
    ResumeSession session = sessions.find(from.session(), key);
    List<Path> earlier = sessions.earlierGateways();
    if (session == null && !earlier.isEmpty()) {
      if (!sessions.relays().take()) {
        meters.reader("relay_limit");
        return refused(listener, TOO_MANY_RELAYS);
      }
      return new RelayedCall(
          web.loop(), sessions.relays(), earlier, listener, point, from, key, attachesAtOnce);
    }
    if (session == null) {
      meters.reader(ResumeRefusal.UNKNOWN.tag());
      return refused(listener, ResumeRefusal.unknown());
    }
    ResumedCall reader =
        new ResumedCall(
            web.loop().eventLoop(), session, listener, point, attachesAtOnce ? null : from);
    if (attachesAtOnce) {
      session.execute(() -> session.attach(reader, from.after(), null));
    }
    return reader;
  }

  private static OutgoingCall refused(CallListener listener, CallEnd why) {
    listener.onEnd(why);
    return new RefusedCall();
  }

  /** A call that has ended already. */
  private static final class RefusedCall implements OutgoingCall {
    @Override
    public void send(byte[] bytes, int offset, int length, boolean last) {}

    @Override
    public void halfClose() {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void cancel() {}
  }
}
