package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.registry.etcd.proto.KVGrpc;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RangeResponse;
import dev.holdfast.registry.etcd.proto.ResponseHeader;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import dev.holdfast.registry.etcd.proto.TxnResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store behind the members, and the proof that it is still the same one.
 *
 * <p>A wiped cluster that was started with the same flags usually keeps its cluster id; what it
 * can't keep is its revision. A linearizable answer is at least at the highest revision that was
 * known when the question was asked, so one below it comes from a store that lost its memory. (The
 * highest known when the answer arrives would not do: answers overtake each other. Neither would a
 * watch: its member may lag behind.) Another cluster id says the same. Then the epoch changes, what
 * was asked before and answered after fails with {@link EtcdError#WIPED}, and everyone reads again.
 *
 * <p>On the scheduler only.
 */
final class EtcdStore {
  private static final Logger log = LoggerFactory.getLogger(EtcdStore.class);

  private final EtcdTransport transport;
  private final Duration requestTimeout;
  private final List<Runnable> onWiped = new ArrayList<>();
  private long epoch = 1;
  private long highestRevision;
  private long clusterId;
  private boolean checking;

  EtcdStore(EtcdTransport transport, Duration requestTimeout) {
    this.transport = transport;
    this.requestTimeout = requestTimeout;
  }

  EtcdTransport transport() {
    return transport;
  }

  Duration requestTimeout() {
    return requestTimeout;
  }

  /** Which life of the store this is, counted from 1. */
  long epoch() {
    return epoch;
  }

  /** The highest revision seen in this life. */
  long highestRevision() {
    return highestRevision;
  }

  /**
   * Adds a listener that is called on the scheduler after a wipe of the store; {@link #epoch} has
   * changed by then.
   */
  void onWiped(Runnable listener) {
    onWiped.add(listener);
  }

  /** A linearizable read, given up after {@code timeout}. */
  void range(
      RangeRequest request,
      Duration timeout,
      Consumer<? super RangeResponse> onReply,
      Consumer<? super EtcdException> onError) {
    Asked asked = new Asked(epoch, highestRevision);
    transport.call(
        KVGrpc.getRangeMethod(),
        request,
        timeout.compareTo(requestTimeout) < 0 ? timeout : requestTimeout,
        reply -> {
          if (isSameLife(asked, reply.getHeader(), onError)) {
            onReply.accept(reply);
          }
        },
        onError);
  }

  void txn(
      TxnRequest request,
      Consumer<? super TxnResponse> onReply,
      Consumer<? super EtcdException> onError) {
    Asked asked = new Asked(epoch, highestRevision);
    transport.call(
        KVGrpc.getTxnMethod(),
        request,
        requestTimeout,
        reply -> {
          if (isSameLife(asked, reply.getHeader(), onError)) {
            onReply.accept(reply);
          }
        },
        onError);
  }

  /**
   * Takes note of the header of a watch.
   *
   * @return whether it is below what was seen before: a lagging member, or another life
   */
  boolean isBehind(ResponseHeader header) {
    if (clusterId != 0 && header.getClusterId() != clusterId) {
      return true;
    }
    if (header.getRevision() < highestRevision) {
      return true;
    }
    highestRevision = header.getRevision();
    return false;
  }

  /**
   * Asks the store for its revision, at a key we may read. One check at a time; while one is under
   * way the callbacks of another are dropped.
   *
   * @param onAlive the store answered and is the same
   */
  void check(ByteString key, Runnable onAlive, Consumer<? super EtcdException> onError) {
    if (checking) {
      return;
    }
    checking = true;
    range(
        RangeRequest.newBuilder().setKey(key).setCountOnly(true).build(),
        requestTimeout,
        reply -> {
          checking = false;
          onAlive.run();
        },
        error -> {
          checking = false;
          onError.accept(error);
        });
  }

  private boolean isSameLife(
      Asked asked, ResponseHeader header, Consumer<? super EtcdException> onError) {
    if (asked.epoch() == epoch) {
      boolean sameCluster = clusterId == 0 || clusterId == header.getClusterId();
      if (sameCluster && header.getRevision() >= asked.highestRevision()) {
        clusterId = header.getClusterId();
        highestRevision = Math.max(highestRevision, header.getRevision());
        return true;
      }
      beginNewLife(header);
    }
    onError.accept(new EtcdException(EtcdError.WIPED, "etcd: the store lost its memory"));
    return false;
  }

  /**
   * Another life was inferred from what the store holds, at a revision that could be the old one's.
   */
  void declareWiped(ResponseHeader header) {
    beginNewLife(header);
  }

  private void beginNewLife(ResponseHeader header) {
    log.warn(
        "event=etcd_wiped epoch={} revision_seen={} revision={} cluster_seen={} cluster={}",
        epoch + 1,
        highestRevision,
        header.getRevision(),
        Long.toHexString(clusterId),
        Long.toHexString(header.getClusterId()));
    epoch++;
    highestRevision = header.getRevision();
    clusterId = header.getClusterId();
    onWiped.forEach(Runnable::run);
  }

  private record Asked(long epoch, long highestRevision) {}
}
