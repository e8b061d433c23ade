package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.proto.Compare;
import dev.holdfast.registry.etcd.proto.DeleteRangeRequest;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.PutRequest;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import dev.holdfast.registry.etcd.proto.TxnResponse;
import java.util.function.Consumer;

/**
 * The writer of one key, which never modifies a foreign record.
 *
 * <p>After the first write, every write is a transaction on the revision that was written last.
 * When that revision does not match, the response shows the current state: no record, a foreign
 * record, or our own in a version whose acknowledgement was lost. In the last case the write is
 * retried. Confined to the scheduler.
 */
final class RecordWriter {

  /** The result of a write transaction. */
  enum TxnOutcome {
    /** The transaction was carried out. */
    DONE,
    /** The key has no record. */
    ABSENT,
    /** There is a record, and it is not ours. */
    FOREIGN
  }

  @Limit(
      of = "tries of one write that others interfere with",
      then = "the attempt fails, and the registration makes the next")
  private static final int MAX_TRIES = 3;

  // No record has it, so a transaction on it only reads.
  private static final long UNKNOWN = -1;

  private final EtcdStore store;
  private final ByteString key;
  private final long lease;
  private boolean begun;
  private long revision = UNKNOWN;
  private String instance = "";
  private ByteString written = ByteString.EMPTY;
  private boolean draining;
  private boolean superseded;

  RecordWriter(EtcdStore store, ByteString key, long lease) {
    this.store = store;
    this.key = key;
    this.lease = lease;
  }

  /**
   * Limits this writer to the revision that it wrote last: a newer announcement has the key, whose
   * record has the same instance.
   */
  void supersede() {
    superseded = true;
  }

  long lease() {
    return lease;
  }

  /** The revision of the last write that is known to have been carried out. */
  long revision() {
    return revision;
  }

  /** Whether a record under our key is one that this instance wrote, under whatever lease. */
  boolean isOurs(KeyValue record) {
    return EtcdRecord.decode(record.getValue()) instanceof EtcdRecord.EndpointValue endpointValue
        && endpointValue.endpoint().instance().equals(instance);
  }

  /**
   * Whether a record of ours ends with our lease. One that does not is older: it came back from a
   * backup, or with a write that was given up.
   */
  boolean isUnderOurLease(KeyValue record) {
    return record.getLease() == lease;
  }

  /** Whether a record says what was written last, and not what a late write of ours said before. */
  boolean isAsWritten(KeyValue record) {
    return record.getValue().equals(written);
  }

  void write(
      Endpoint endpoint, Consumer<TxnOutcome> onOutcome, Consumer<? super EtcdException> onError) {
    RequestOp put = put(endpoint);
    written = put.getRequestPut().getValue();
    if (begun) {
      guarded(put, MAX_TRIES, onOutcome, onError);
      instance = endpoint.instance();
      return;
    }
    begun = true;
    instance = endpoint.instance();
    store.txn(
        TxnRequest.newBuilder().addSuccess(put).build(),
        reply -> {
          revision = reply.getHeader().getRevision();
          draining = endpoint.draining();
          onOutcome.accept(TxnOutcome.DONE);
        },
        onError);
  }

  /** Says that the record is about to leave, if it does not say so already. */
  void markDraining(
      Endpoint endpoint, Consumer<TxnOutcome> onOutcome, Consumer<? super EtcdException> onError) {
    if (draining) {
      onOutcome.accept(TxnOutcome.DONE);
      return;
    }
    guarded(
        put(endpoint),
        MAX_TRIES,
        txnOutcome -> {
          draining |= txnOutcome == TxnOutcome.DONE;
          onOutcome.accept(txnOutcome);
        },
        onError);
  }

  /** Deletes the record, if it is ours. */
  void delete(Consumer<TxnOutcome> onOutcome, Consumer<? super EtcdException> onError) {
    guarded(
        RequestOp.newBuilder()
            .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key))
            .build(),
        MAX_TRIES,
        onOutcome,
        onError);
  }

  private RequestOp put(Endpoint endpoint) {
    return RequestOp.newBuilder()
        .setRequestPut(
            PutRequest.newBuilder()
                .setKey(key)
                .setValue(EtcdRecord.encode(endpoint))
                .setLease(lease))
        .build();
  }

  private void guarded(
      RequestOp operation,
      int triesLeft,
      Consumer<TxnOutcome> onOutcome,
      Consumer<? super EtcdException> onError) {
    TxnRequest request =
        TxnRequest.newBuilder()
            .addCompare(
                Compare.newBuilder()
                    .setKey(key)
                    .setTarget(Compare.CompareTarget.MOD)
                    .setResult(Compare.CompareResult.EQUAL)
                    .setModRevision(revision))
            .addSuccess(operation)
            .addFailure(
                RequestOp.newBuilder().setRequestRange(RangeRequest.newBuilder().setKey(key)))
            .build();
    store.txn(
        request, reply -> onGuarded(reply, operation, triesLeft, onOutcome, onError), onError);
  }

  private void onGuarded(
      TxnResponse reply,
      RequestOp operation,
      int triesLeft,
      Consumer<TxnOutcome> onOutcome,
      Consumer<? super EtcdException> onError) {
    if (reply.getSucceeded()) {
      revision = reply.getHeader().getRevision();
      onOutcome.accept(TxnOutcome.DONE);
      return;
    }
    if (reply.getResponses(0).getResponseRange().getKvsCount() == 0) {
      onOutcome.accept(TxnOutcome.ABSENT);
      return;
    }
    KeyValue found = reply.getResponses(0).getResponseRange().getKvs(0);
    if (isOurs(found) && !superseded && triesLeft > 1) {
      revision = found.getModRevision();
      guarded(operation, triesLeft - 1, onOutcome, onError);
    } else {
      onOutcome.accept(TxnOutcome.FOREIGN);
    }
  }
}
