package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.registry.etcd.EtcdKeys.KeyRange;
import dev.holdfast.registry.etcd.proto.AuthGrpc;
import dev.holdfast.registry.etcd.proto.AuthRoleAddRequest;
import dev.holdfast.registry.etcd.proto.AuthRoleGrantPermissionRequest;
import dev.holdfast.registry.etcd.proto.Permission;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The least role that suffices for what Holdfast does in one namespace of an etcd.
 *
 * <p>Clients read, servers read and write, and each only below the namespace's prefix; leases need
 * no permission of their own. So a service that is registered with the role of {@code test} can't
 * appear in {@code prod}. Thread-safe.
 */
public final class EtcdRoles {

  /** The access of a client or a server to a namespace. */
  public enum EtcdPermissionType {
    /** Read access, enough to resolve and watch services. */
    READ(Permission.Type.READ, "read"),
    /** Read and write access, as needed to register services. */
    WRITE(Permission.Type.READWRITE, "readwrite");

    private final Permission.Type type;
    private final String word;

    EtcdPermissionType(Permission.Type type, String word) {
      this.type = type;
      this.word = word;
    }
  }

  private final String namespace;
  private final EtcdPermissionType etcdPermissionType;

  private EtcdRoles(String namespace, EtcdPermissionType etcdPermissionType) {
    this.namespace = namespace;
    this.etcdPermissionType = etcdPermissionType;
  }

  /**
   * The role for a namespace.
   *
   * @param namespace segments joined by "/", or "" for the whole store
   * @throws IllegalArgumentException when the namespace is malformed
   */
  public static EtcdRoles of(String namespace, EtcdPermissionType etcdPermissionType) {
    // Only to have the segments checked.
    ServiceName unused = ServiceName.of(namespace, "any");
    return new EtcdRoles(namespace, etcdPermissionType);
  }

  /** The role's name, such as {@code holdfast-prod-write}. */
  public String name() {
    String place = namespace.isEmpty() ? "all" : namespace.replace('/', '-');
    return "holdfast-" + place + "-" + etcdPermissionType.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The commands that make the role and give it to a user; run them as root.
   *
   * @param user who gets the role; made if missing, its password is asked for on the terminal
   */
  public List<String> commands(String user) {
    String where = namespace.isEmpty() ? "'' --from-key=true" : namespace + "/ --prefix=true";
    return List.of(
        "etcdctl role add " + name(),
        "etcdctl role grant-permission " + name() + " " + etcdPermissionType.word + " " + where,
        "etcdctl user add " + user,
        "etcdctl user grant-role " + user + " " + name());
  }

  /**
   * Makes the role, or adds the permission to one that exists.
   *
   * @param uri the registry, opened as a user who may do this (root)
   * @return completes when it is done, or fails with a {@link RegistryException}
   */
  public CompletionStage<Void> apply(RegistryUri uri, RegistryContext context) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    EtcdOptions options = EtcdOptions.of(uri, context.environment());
    EtcdMembers members = EtcdRegistry.connect(uri, options, context);
    var unused = done.whenComplete((ok, failure) -> context.scheduler().execute(members::close));
    context
        .scheduler()
        .execute(
            () ->
                members.call(
                    AuthGrpc.getRoleAddMethod(),
                    AuthRoleAddRequest.newBuilder().setName(name()).build(),
                    options.requestTimeout(),
                    reply -> grant(members, options, done),
                    error -> {
                      if (error.error() == EtcdError.ROLE_EXISTS) {
                        grant(members, options, done);
                      } else {
                        done.completeExceptionally(error.toRegistryException());
                      }
                    }));
    return done.minimalCompletionStage();
  }

  /**
   * The etcd permission that the role grants: the access type and the key range of the namespace.
   */
  Permission permission() {
    KeyRange range = EtcdKeys.namespace(namespace);
    return Permission.newBuilder()
        .setPermType(etcdPermissionType.type)
        .setKey(range.key())
        .setRangeEnd(range.end())
        .build();
  }

  private void grant(EtcdMembers members, EtcdOptions options, CompletableFuture<Void> done) {
    members.call(
        AuthGrpc.getRoleGrantPermissionMethod(),
        AuthRoleGrantPermissionRequest.newBuilder().setName(name()).setPerm(permission()).build(),
        options.requestTimeout(),
        reply -> done.complete(null),
        error -> done.completeExceptionally(error.toRegistryException()));
  }
}
