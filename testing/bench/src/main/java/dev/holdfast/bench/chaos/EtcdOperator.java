package dev.holdfast.bench.chaos;

import com.google.protobuf.ByteString;
import dev.holdfast.registry.etcd.proto.AuthDisableRequest;
import dev.holdfast.registry.etcd.proto.AuthEnableRequest;
import dev.holdfast.registry.etcd.proto.AuthGrpc;
import dev.holdfast.registry.etcd.proto.AuthRoleAddRequest;
import dev.holdfast.registry.etcd.proto.AuthRoleGrantPermissionRequest;
import dev.holdfast.registry.etcd.proto.AuthUserAddRequest;
import dev.holdfast.registry.etcd.proto.AuthUserGrantRoleRequest;
import dev.holdfast.registry.etcd.proto.AuthenticateRequest;
import dev.holdfast.registry.etcd.proto.CompactionRequest;
import dev.holdfast.registry.etcd.proto.KVGrpc;
import dev.holdfast.registry.etcd.proto.Permission;
import dev.holdfast.registry.etcd.proto.PutRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * An operator's client of one etcd member, for authentication and compaction. Blocking; a request
 * that fails because of an election or a restart is repeated.
 */
final class EtcdOperator implements AutoCloseable {
  /** The user of the instances and followers. */
  static final String USER = "chaos";

  static final String PASSWORD = "chaos-secret";

  private static final String ROOT = "root";
  private static final long REQUEST_SECONDS = 5;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long PAUSE_MILLIS = 200;
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

  /** The key of one zero byte, which as range end means all following keys in etcd. */
  private static final ByteString EVERYTHING = ByteString.copyFrom(new byte[1]);

  private final ManagedChannel channel;

  EtcdOperator(int port) {
    channel = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }

  /** Makes the users, if they are missing, and turns authentication on. */
  void turnAuthenticationOn() throws InterruptedException {
    addUser(ROOT, PASSWORD);
    addUser(USER, PASSWORD);
    Permission all =
        Permission.newBuilder()
            .setPermType(Permission.Type.READWRITE)
            .setKey(EVERYTHING)
            .setRangeEnd(EVERYTHING)
            .build();
    ensure(
        () ->
            auth()
                .roleGrantPermission(
                    AuthRoleGrantPermissionRequest.newBuilder()
                        .setName(USER)
                        .setPerm(all)
                        .build()));
    ensure(() -> auth().authEnable(AuthEnableRequest.getDefaultInstance()));
  }

  /** Turns authentication off, as the user root. */
  void turnAuthenticationOff() throws InterruptedException {
    ensure(
        () ->
            auth()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(asRoot()))
                .authDisable(AuthDisableRequest.getDefaultInstance()));
  }

  /** Writes a key of nobody's service, and returns the revision. */
  long put(String key, String value) throws InterruptedException {
    PutRequest put =
        PutRequest.newBuilder()
            .setKey(ByteString.copyFromUtf8(key))
            .setValue(ByteString.copyFromUtf8(value))
            .build();
    return insist(() -> kv().put(put)).getHeader().getRevision();
  }

  /** Forgets all that was before a revision. */
  void compact(long revision) throws InterruptedException {
    ensure(() -> kv().compact(CompactionRequest.newBuilder().setRevision(revision).build()));
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private void addUser(String name, String password) throws InterruptedException {
    ensure(() -> auth().roleAdd(AuthRoleAddRequest.newBuilder().setName(name).build()));
    ensure(
        () ->
            auth()
                .userAdd(
                    AuthUserAddRequest.newBuilder().setName(name).setPassword(password).build()));
    ensure(
        () ->
            auth()
                .userGrantRole(
                    AuthUserGrantRoleRequest.newBuilder().setUser(name).setRole(name).build()));
  }

  /** Tokens last for seconds only, so each request asks for one. */
  private Metadata asRoot() {
    Metadata headers = new Metadata();
    headers.put(
        TOKEN,
        auth()
            .authenticate(
                AuthenticateRequest.newBuilder().setName(ROOT).setPassword(PASSWORD).build())
            .getToken());
    return headers;
  }

  private KVGrpc.KVBlockingStub kv() {
    return KVGrpc.newBlockingStub(channel)
        .withWaitForReady()
        .withDeadlineAfter(REQUEST_SECONDS, TimeUnit.SECONDS);
  }

  private AuthGrpc.AuthBlockingStub auth() {
    return AuthGrpc.newBlockingStub(channel)
        .withWaitForReady()
        .withDeadlineAfter(REQUEST_SECONDS, TimeUnit.SECONDS);
  }

  /** Repeats a request until it is answered. */
  private static <R> R insist(Supplier<R> request) throws InterruptedException {
    long endNanos = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        return request.get();
      } catch (StatusRuntimeException e) {
        if (System.nanoTime() - endNanos > 0) {
          throw e;
        }
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  /**
   * Sends a request as {@link #insist} does. A failed precondition, or a revision out of range,
   * means that an earlier try whose response was lost already succeeded.
   */
  private static void ensure(Runnable request) throws InterruptedException {
    var unused =
        insist(
            () -> {
              try {
                request.run();
              } catch (StatusRuntimeException e) {
                Status.Code code = e.getStatus().getCode();
                if (code != Status.Code.FAILED_PRECONDITION && code != Status.Code.OUT_OF_RANGE) {
                  throw e;
                }
              }
              return true;
            });
  }
}
