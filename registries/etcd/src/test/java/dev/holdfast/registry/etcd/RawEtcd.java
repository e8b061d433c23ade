package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.registry.etcd.proto.AuthEnableRequest;
import dev.holdfast.registry.etcd.proto.AuthGrpc;
import dev.holdfast.registry.etcd.proto.AuthRoleAddRequest;
import dev.holdfast.registry.etcd.proto.AuthRoleGrantPermissionRequest;
import dev.holdfast.registry.etcd.proto.AuthUserAddRequest;
import dev.holdfast.registry.etcd.proto.AuthUserGrantRoleRequest;
import dev.holdfast.registry.etcd.proto.AuthenticateRequest;
import dev.holdfast.registry.etcd.proto.CompactionRequest;
import dev.holdfast.registry.etcd.proto.DeleteRangeRequest;
import dev.holdfast.registry.etcd.proto.KVGrpc;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.LeaseGrantRequest;
import dev.holdfast.registry.etcd.proto.LeaseGrpc;
import dev.holdfast.registry.etcd.proto.LeaseRevokeRequest;
import dev.holdfast.registry.etcd.proto.Permission;
import dev.holdfast.registry.etcd.proto.PutRequest;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** What an operator, or somebody else's program, does to an etcd: blocking, at one member. */
final class RawEtcd implements AutoCloseable {
  private final ManagedChannel channel;
  private String token = "";

  RawEtcd(String address) {
    channel = NettyChannelBuilder.forTarget("dns:///" + address).usePlaintext().build();
  }

  static RawEtcd at(EtcdCluster cluster) {
    return new RawEtcd(cluster.member(0).address());
  }

  /** The requests from now on are this user's. */
  RawEtcd as(String user, String password) {
    token =
        AuthGrpc.newBlockingStub(channel)
            .withDeadlineAfter(60, TimeUnit.SECONDS)
            .authenticate(
                AuthenticateRequest.newBuilder().setName(user).setPassword(password).build())
            .getToken();
    return this;
  }

  long put(String key, String value) {
    return put(key, value, 0);
  }

  long put(String key, String value, long lease) {
    return kv().put(
            PutRequest.newBuilder().setKey(utf8(key)).setValue(utf8(value)).setLease(lease).build())
        .getHeader()
        .getRevision();
  }

  /** Puts many keys in few transactions. */
  void putAll(List<String> keys, UnaryOperator<String> valueOf) {
    for (int from = 0; from < keys.size(); from += 100) {
      TxnRequest.Builder txn = TxnRequest.newBuilder();
      for (String key : keys.subList(from, Math.min(keys.size(), from + 100))) {
        txn.addSuccess(
            RequestOp.newBuilder()
                .setRequestPut(
                    PutRequest.newBuilder().setKey(utf8(key)).setValue(utf8(valueOf.apply(key)))));
      }
      var unused = kv().txn(txn.build());
    }
  }

  Optional<KeyValue> get(String key) {
    return kv().range(RangeRequest.newBuilder().setKey(utf8(key)).build()).getKvsList().stream()
        .findFirst();
  }

  List<String> keys(String prefix) {
    EtcdKeys.KeyRange range = EtcdKeys.KeyRange.prefix(prefix);
    return kv()
        .range(
            RangeRequest.newBuilder()
                .setKey(range.key())
                .setRangeEnd(range.end())
                .setKeysOnly(true)
                .build())
        .getKvsList()
        .stream()
        .map(record -> record.getKey().toStringUtf8())
        .toList();
  }

  long revision() {
    return kv().range(RangeRequest.newBuilder().setKey(utf8("-")).build())
        .getHeader()
        .getRevision();
  }

  void deleteAll(String prefix) {
    EtcdKeys.KeyRange range = EtcdKeys.KeyRange.prefix(prefix);
    var unused =
        kv().deleteRange(
                DeleteRangeRequest.newBuilder()
                    .setKey(range.key())
                    .setRangeEnd(range.end())
                    .build());
  }

  void delete(String key) {
    var unused = kv().deleteRange(DeleteRangeRequest.newBuilder().setKey(utf8(key)).build());
  }

  void compactAll() {
    var unused =
        kv().compact(
                CompactionRequest.newBuilder().setRevision(revision()).setPhysical(true).build());
  }

  long grant(int ttlSeconds) {
    return LeaseGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers()))
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(ttlSeconds).build())
        .getID();
  }

  void revokeLeaseOf(String key) {
    var unused =
        LeaseGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers()))
            .withDeadlineAfter(60, TimeUnit.SECONDS)
            .leaseRevoke(
                LeaseRevokeRequest.newBuilder().setID(get(key).orElseThrow().getLease()).build());
  }

  void addUser(String user, String password, String role) {
    auth().userAdd(AuthUserAddRequest.newBuilder().setName(user).setPassword(password).build());
    auth().userGrantRole(AuthUserGrantRoleRequest.newBuilder().setUser(user).setRole(role).build());
  }

  void addRole(String role, Permission... permissions) {
    auth().roleAdd(AuthRoleAddRequest.newBuilder().setName(role).build());
    for (Permission permission : permissions) {
      auth()
          .roleGrantPermission(
              AuthRoleGrantPermissionRequest.newBuilder()
                  .setName(role)
                  .setPerm(permission)
                  .build());
    }
  }

  /** Makes the root user and turns authentication on. */
  void enableAuth(String rootPassword) {
    addRole("root");
    addUser("root", rootPassword, "root");
    auth().authEnable(AuthEnableRequest.getDefaultInstance());
    as("root", rootPassword);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private KVGrpc.KVBlockingStub kv() {
    return KVGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers()))
        .withWaitForReady()
        .withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  private AuthGrpc.AuthBlockingStub auth() {
    return AuthGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers()))
        .withWaitForReady()
        .withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  private Metadata headers() {
    Metadata headers = new Metadata();
    if (!token.isEmpty()) {
      headers.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
    }
    return headers;
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }
}
