package dev.holdfast.control;

import dev.holdfast.control.internal.xds.Acknowledgement;
import dev.holdfast.control.internal.xds.SubscriptionView;
import dev.holdfast.control.internal.xds.XdsResponse;
import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.control.internal.xds.XdsStream;
import dev.holdfast.control.internal.xds.XdsViolation;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.LogEscaper;
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
abstract class DiscoveryCall<Q> extends ServerCall.Listener<Q>
    implements SnapshotPublisher.SnapshotListener {
  private static final Logger log = LoggerFactory.getLogger(DiscoveryCall.class);

  /** The collaborators that all streams of a control plane share. */
  record DiscoveryContext(
      SnapshotPublisher publisher, DiscoveryStreams clients, XdsResponseEncoder encoder) {}

  /** A client's subscription to one resource type, with the times of its responses. */
  record TypeView(SubscriptionView subscription, AckTimes times) {}

  final DiscoveryContext discoveryContext;
  private final ServerCall<Q, EncodedXdsResponse> call;
  private final Optional<ResourceType> only;
  private final long number;
  private final long beganNanos;
  private final String peer;
  private final Object lock = new Object();

  // Guarded by the lock.
  private final XdsStream stream;
  private final Map<ResourceType, AckTimes> times = new EnumMap<>(ResourceType.class);
  private boolean over;
  private boolean outliersWithheld;

  private volatile ClientNode node = ClientNode.UNKNOWN;

  /**
   * @param only the type of a service for one type, whose requests need not name it
   */
  DiscoveryCall(
      ServerCall<Q, EncodedXdsResponse> call,
      XdsStream stream,
      Optional<ResourceType> only,
      DiscoveryContext discoveryContext) {
    this.call = call;
    this.only = only;
    this.stream = stream;
    this.discoveryContext = discoveryContext;
    this.number = discoveryContext.clients().nextNumber();
    this.beganNanos = nowNanos();
    this.peer = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
  }

  abstract XdsVariant xdsVariant();

  /** The node of the client, if the request carries one. */
  abstract Optional<Node> nodeOf(Q request);

  /** The type that a request names; "" when it names none. */
  abstract String typeUrlOf(Q request);

  abstract Acknowledgement apply(ResourceType type, Q request) throws XdsViolation;

  /** The reason for which the request rejects the last response (NACK); empty when it does not. */
  abstract Optional<String> errorOf(Q request);

  abstract EncodedXdsResponse encode(XdsResponse reply);

  /** Sends the headers and asks for the first request. */
  void begin() {
    discoveryContext.clients().add(this);
    discoveryContext.publisher().add(this);
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
          LogEscaper.escape(node.id()),
          LogEscaper.escape(node.agent()),
          LogEscaper.escape(node.version()),
          peer,
          xdsVariant().text());
    }
    Optional<ResourceType> type = only.or(() -> ResourceType.ofUrl(typeUrlOf(request)));
    if (type.isPresent()) {
      hear(type.get(), request);
    } else {
      ControlMeter.UNKNOWN_TYPES.counter(discoveryContext.clients().meters()).increment();
      log.debug(
          "event=type_not_served client={} type=\"{}\"",
          number,
          LogEscaper.escape(typeUrlOf(request)));
    }
    call.request(1);
  }

  private void hear(ResourceType type, Q request) {
    Acknowledgement acknowledgement;
    synchronized (lock) {
      if (over) {
        return;
      }
      try {
        acknowledgement = apply(type, request);
      } catch (XdsViolation e) {
        ControlMeter.STREAMS_REFUSED
            .counter(discoveryContext.clients().meters(), "request")
            .increment();
        log.warn(
            "event=client_request_invalid client={} node=\"{}\" peer={} reason=\"{}\"",
            number,
            LogEscaper.escape(node.id()),
            peer,
            LogEscaper.escape(e.getMessage()));
        end(Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()));
        return;
      }
      note(type, acknowledgement, errorOf(request));
    }
    pump();
  }

  private void note(ResourceType type, Acknowledgement acknowledgement, Optional<String> error) {
    AckTimes before = times.getOrDefault(type, AckTimes.NONE);
    if (acknowledgement == Acknowledgement.ACCEPTED) {
      times.put(type, before.accepted(nowNanos()));
      count(type, "accepted");
      if (before.rejection().isPresent()) {
        log.info(
            "event=client_acked_again client={} node=\"{}\" type={}",
            number,
            LogEscaper.escape(node.id()),
            type.shortName());
      }
    } else if (acknowledgement == Acknowledgement.REJECTED) {
      String why = error.orElse("");
      times.put(type, before.rejected(nowNanos(), why));
      count(type, "rejected");
      log.warn(
          "event=client_nacked client={} node=\"{}\" agent=\"{}\" type={} reason=\"{}\"",
          number,
          LogEscaper.escape(node.id()),
          LogEscaper.escape(node.agent()),
          type.shortName(),
          LogEscaper.escape(why));
    }
  }

  private void count(ResourceType type, String verdict) {
    ControlMeter.ACKS
        .counter(discoveryContext.clients().meters(), type.shortName(), verdict)
        .increment();
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
        Optional<XdsSnapshot> snapshot = discoveryContext.publisher().current();
        Optional<XdsResponse> reply = snapshot.flatMap(stream::poll);
        if (reply.isEmpty()) {
          return;
        }
        ResourceType type = reply.get().type();
        call.sendMessage(encode(suited(reply.get())));
        times.merge(type, AckTimes.NONE.sent(nowNanos()), (old, now) -> old.sent(nowNanos()));
        ControlMeter.RESPONSES
            .counter(discoveryContext.clients().meters(), type.shortName())
            .increment();
      }
    }
  }

  private XdsResponse suited(XdsResponse reply) {
    if (!node.isGrpcJava()) {
      return reply;
    }
    XdsResponse suited = reply.forGrpcJava();
    if (!outliersWithheld && !suited.equals(reply)) {
      outliersWithheld = true;
      log.info(
          "event=outlier_detection_withheld client={} node=\"{}\" agent=\"{} {}\""
              + " key=outliers.grpc-java",
          number,
          LogEscaper.escape(node.id()),
          LogEscaper.escape(node.agent()),
          LogEscaper.escape(node.version()));
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
      end(Status.UNAVAILABLE.withDescription("control plane is shutting down"));
    }
  }

  private void end(Status status) {
    if (!over) {
      over = true;
      call.close(status, new Metadata());
    }
  }

  private void leave(String how) {
    discoveryContext.publisher().remove(this);
    discoveryContext.clients().remove(this);
    if (!node.equals(ClientNode.UNKNOWN)) {
      log.info(
          "event=client_disconnected client={} node=\"{}\" peer={} how={} after={}s",
          number,
          LogEscaper.escape(node.id()),
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
          .map(view -> new TypeView(view, times.getOrDefault(view.type(), AckTimes.NONE)))
          .toList();
    }
  }

  private long nowNanos() {
    return discoveryContext.clients().clock().nanoTime();
  }
}
