package dev.holdfast.bench.process;

import com.google.protobuf.ByteString;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.registry.etcd.proto.DeleteRangeRequest;
import dev.holdfast.registry.etcd.proto.KVGrpc;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.PutRequest;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import dev.holdfast.registry.etcd.proto.WatchCreateRequest;
import dev.holdfast.registry.etcd.proto.WatchGrpc;
import dev.holdfast.registry.etcd.proto.WatchRequest;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A plain gRPC client of etcd, without Holdfast's client. Changes are made through it, so that
 * nothing under measurement takes part in making them.
 */
public final class EtcdStub implements AutoCloseable {
  /** The maximum number of operations in one transaction of etcd, by default. */
  public static final int MAX_OPERATIONS = 128;

  private static final int REQUEST_TIMEOUT_SECONDS = 10;
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private final ManagedChannel channel;

  public EtcdStub(String address) {
    int colon = address.lastIndexOf(':');
    channel =
        NettyChannelBuilder.forAddress(
                address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)))
            .usePlaintext()
            .directExecutor()
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .build();
  }

  /** The key of a record in the layout of Go's naming/endpoints. */
  public static String key(String service, String address) {
    return service + "/" + address;
  }

  /** The record of a ready instance. */
  public static String record(String address, String instance, Map<String, String> metadata) {
    return new JsonTextWriter()
        .object()
        .with("Op", 0)
        .with("Addr", address)
        .withValue("Metadata", null)
        .object("Holdfast")
        .with("instance", instance)
        .with("zone", "")
        .with("weight", 1)
        .with("ready", true)
        .with("draining", false)
        .withValue("metadata", metadata)
        .endObject()
        .endObject()
        .toString();
  }

  public void put(String key, String value) {
    var unused =
        kv().put(PutRequest.newBuilder().setKey(bytes(key)).setValue(bytes(value)).build());
  }

  public void delete(String key) {
    var unused = kv().deleteRange(DeleteRangeRequest.newBuilder().setKey(bytes(key)).build());
  }

  /** Several operations in one revision, at most {@link #MAX_OPERATIONS}. */
  public void commit(List<RequestOp> operations) {
    var unused = kv().txn(TxnRequest.newBuilder().addAllSuccess(operations).build());
  }

  /** Commits the operations as {@link #commit} does, without waiting. */
  public void commit(List<RequestOp> operations, StreamObserver<?> answer) {
    @SuppressWarnings("unchecked") // callers use success and failure only
    var observer = (StreamObserver<dev.holdfast.registry.etcd.proto.TxnResponse>) answer;
    KVGrpc.newStub(channel)
        .withDeadlineAfter(REQUEST_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .txn(TxnRequest.newBuilder().addAllSuccess(operations).build(), observer);
  }

  public static RequestOp putting(String key, String value) {
    return RequestOp.newBuilder()
        .setRequestPut(PutRequest.newBuilder().setKey(bytes(key)).setValue(bytes(value)))
        .build();
  }

  public static RequestOp deleting(String key) {
    return RequestOp.newBuilder()
        .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(bytes(key)))
        .build();
  }

  /** All records of a service. */
  public List<KeyValue> records(String service) {
    return kv().range(
            RangeRequest.newBuilder()
                .setKey(bytes(service + "/"))
                .setRangeEnd(endOf(service))
                .build())
        .getKvsList();
  }

  /** Watches a service until this is closed. */
  public void watch(String service, StreamObserver<WatchResponse> events) {
    StreamObserver<WatchRequest> requests = WatchGrpc.newStub(channel).watch(events);
    requests.onNext(
        WatchRequest.newBuilder()
            .setCreateRequest(
                WatchCreateRequest.newBuilder()
                    .setKey(bytes(service + "/"))
                    .setRangeEnd(endOf(service)))
            .build());
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
  }

  private KVGrpc.KVBlockingStub kv() {
    return KVGrpc.newBlockingStub(channel)
        .withDeadlineAfter(REQUEST_TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** The first key behind all keys of a service: the slash's successor is the digit zero. */
  private static ByteString endOf(String service) {
    return bytes(service + "0");
  }

  private static ByteString bytes(String text) {
    return ByteString.copyFrom(text, StandardCharsets.UTF_8);
  }
}
