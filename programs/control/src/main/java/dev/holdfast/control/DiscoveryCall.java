package dev.holdfast.control;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.SubscriptionView;
import dev.holdfast.control.xds.Verdict;
import dev.holdfast.control.xds.XdsReply;
import dev.holdfast.control.xds.XdsSnapshot;
import dev.holdfast.control.xds.XdsStream;
import dev.holdfast.control.xds.XdsViolation;
import dev.holdfast.core.LogText;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A discovery stream (ADS, or of one type) of a client: the imperative shell around an {@link
 * XdsStream}.
 *
 * <p>A response is built only while the transport is ready, so no more than gRPC's own buffer of a
 * stream is held for a client that does not read (backpressure). A lock serializes gRPC's threads
 * and the publisher's thread; no user code runs under it.
 */
abstract class DiscoveryCall<Q> extends ServerCall.Listener<Q> implements Publisher.Receiver {
  private static final Logger log = LoggerFactory.getLogger(DiscoveryCall.class);

  /** The collaborators that all streams of a control plane share. */
  record Parts(Publisher publisher, Clients clients, ReplyEncoder encoder) {}

  /** A client's subscription to one resource type, with the times of its responses. */
  record TypeView(SubscriptionView subscription, AnswerTimes times) {}

  final Parts parts;
  private final ServerCall<Q, EncodedReply> call;
  private final Optional<ResourceType> only;
  private final long number;
  private final long beganNanos;
  private final String peer;
  private final Object lock = new Object();

  // Guarded by the lock.
  private final XdsStream stream;
  private final Map<ResourceType, AnswerTimes> times = new EnumMap<>(ResourceType.class);
  private boolean over;
  private boolean outliersWithheld;

  private volatile ClientNode node = ClientNode.UNKNOWN;

  /**
   * @param only the type of a service for one type, whose requests need not name it
   */
  DiscoveryCall(
      ServerCall<Q, EncodedReply> call,
      XdsStream stream,
      Optional<ResourceType> only,
      Parts parts) {
    this.call = call;
    this.only = only;
    this.stream = stream;
    this.parts = parts;
    this.number = parts.clients().nextNumber();
    this.beganNanos = nowNanos();
    this.peer = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
  }

  abstract Variant variant();

  /** The node of the client, if the request carries one. */
  abstract Optional<Node> nodeOf(Q request);

  /** The type that a request names; "" when it names none. */
  abstract String typeUrlOf(Q request);

  abstract Verdict apply(ResourceType type, Q request) throws XdsViolation;

  /** The reason for which the request rejects the last response (NACK); empty when it does not. */
  abstract Optional<String> errorOf(Q request);

  abstract EncodedReply encode(XdsReply reply);

  /** Sends the headers and asks for the first request. */
  void begin() {
    parts.clients().add(this);
    parts.publisher().add(this);
    synchronized (lock) {
      if (!over) {
        call.sendHeaders(new Metadata());
      }
    }
    call.request(1);
  }

  @Override
  public void onMessage(Q request) {
    Optional<Node> said = nodeOf(request);
    if (said.isPresent() && node.equals(ClientNode.UNKNOWN)) {
      node = ClientNode.of(said.get());
      log.info(
          "event=client_connected client={} node=\"{}\" agent=\"{} {}\" peer={} variant={}",
          number,
          LogText.of(node.id()),
          LogText.of(node.agent()),
          LogText.of(node.version()),
          peer,
          variant().text());
    }
    Optional<ResourceType> type = only.or(() -> ResourceType.ofUrl(typeUrlOf(request)));
    if (type.isPresent()) {
      hear(type.get(), request);
    } else {
      ControlMeter.UNKNOWN_TYPES.counter(parts.clients().meters()).increment();
      log.debug(
          "event=type_not_served client={} type=\"{}\"", number, LogText.of(typeUrlOf(request)));
    }
    call.request(1);
  }

  private void hear(ResourceType type, Q request) {
    Verdict verdict;
    synchronized (lock) {
      if (over) {
        return;
      }
      try {
        verdict = apply(type, request);
      } catch (XdsViolation e) {
        ControlMeter.STREAMS_REFUSED.counter(parts.clients().meters(), "request").increment();
        log.warn(
            "event=client_refused client={} node=\"{}\" peer={} reason=\"{}\"",
            number,
            LogText.of(node.id()),
            peer,
            LogText.of(e.getMessage()));
        end(Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()));
        return;
      }
      note(type, verdict, errorOf(request));
    }
    pump();
  }

  private void note(ResourceType type, Verdict verdict, Optional<String> error) {
    AnswerTimes before = times.getOrDefault(type, AnswerTimes.NONE);
    if (verdict == Verdict.ACCEPTED) {
      times.put(type, before.accepted(nowNanos()));
      count(type, "accepted");
      if (before.rejection().isPresent()) {
        log.info(
            "event=client_accepts_again client={} node=\"{}\" type={}",
            number,
            LogText.of(node.id()),
            type.shortName());
      }
    } else if (verdict == Verdict.REJECTED) {
      String why = error.orElse("");
      times.put(type, before.rejected(nowNanos(), why));
      count(type, "rejected");
      log.warn(
          "event=client_rejected client={} node=\"{}\" agent=\"{}\" type={} reason=\"{}\"",
          number,
          LogText.of(node.id()),
          LogText.of(node.agent()),
          type.shortName(),
          LogText.of(why));
    }
  }

  private void count(ResourceType type, String verdict) {
    ControlMeter.ANSWERS.counter(parts.clients().meters(), type.shortName(), verdict).increment();
  }

  @Override
  public void onReady() {
    pump();
  }

  @Override
  public void onSnapshot(XdsSnapshot snapshot) {
    pump();
  }

  /** Sends the responses that are due, while the transport is ready. */
  private void pump() {
    synchronized (lock) {
      while (!over && call.isReady()) {
        // Read under the lock: a thread that waited with an older one would take the client back.
        Optional<XdsSnapshot> snapshot = parts.publisher().current();
        Optional<XdsReply> reply = snapshot.flatMap(stream::poll);
        if (reply.isEmpty()) {
          return;
        }
        ResourceType type = reply.get().type();
        call.sendMessage(encode(suited(reply.get())));
        times.merge(type, AnswerTimes.NONE.sent(nowNanos()), (old, now) -> old.sent(nowNanos()));
        ControlMeter.RESPONSES.counter(parts.clients().meters(), type.shortName()).increment();
      }
    }
  }

  private XdsReply suited(XdsReply reply) {
    if (!node.isGrpcJava()) {
      return reply;
    }
    XdsReply suited = reply.forGrpcJava();
    if (!outliersWithheld && !suited.equals(reply)) {
      outliersWithheld = true;
      log.info(
          "event=outliers_withheld client={} node=\"{}\" agent=\"{} {}\" key=outliers.grpc-java",
          number,
          LogText.of(node.id()),
          LogText.of(node.agent()),
          LogText.of(node.version()));
    }
    return suited;
  }

  @Override
  public void onHalfClose() {
    synchronized (lock) {
      end(Status.OK);
    }
  }

  @Override
  public void onCancel() {
    synchronized (lock) {
      over = true;
    }
    leave("cancelled");
  }

  @Override
  public void onComplete() {
    leave("closed");
  }

  /** Ends the stream, so that the client connects to another control plane. */
  void drain() {
    synchronized (lock) {
      end(Status.UNAVAILABLE.withDescription("this control plane stops; connect again"));
    }
  }

  private void end(Status status) {
    if (!over) {
      over = true;
      call.close(status, new Metadata());
    }
  }

  private void leave(String how) {
    parts.publisher().remove(this);
    parts.clients().remove(this);
    if (!node.equals(ClientNode.UNKNOWN)) {
      log.info(
          "event=client_gone client={} node=\"{}\" peer={} how={} after={}s",
          number,
          LogText.of(node.id()),
          peer,
          how,
          age().toSeconds());
    }
  }

  /** Counts streams from the start of this control plane. */
  long number() {
    return number;
  }

  String peer() {
    return peer;
  }

  ClientNode node() {
    return node;
  }

  Duration age() {
    return Duration.ofNanos(nowNanos() - beganNanos);
  }

  /** The state of each resource type that the client subscribed to. */
  List<TypeView> types() {
    synchronized (lock) {
      return stream.view().stream()
          .map(view -> new TypeView(view, times.getOrDefault(view.type(), AnswerTimes.NONE)))
          .toList();
    }
  }

  private long nowNanos() {
    return parts.clients().clock().nanoTime();
  }
}
