package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.InetAddress;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A name resolver provider that lets plain grpc-java channels resolve targets in a registry. The
 * jar on the class path is enough: {@code Grpc.newChannelBuilder("etcd://h1,h2:2379/prod/orders",
 * credentials)}.
 *
 * <p>Found by ServiceLoader, and available only when the registry of its scheme is on the class
 * path too. The stock {@code dns} scheme is not replaced.
 */
public abstract class RegistryNameResolverProvider extends NameResolverProvider {
  // As stock providers have; a program that brings its own for a scheme wins with a higher one.
  private static final int PRIORITY = 5;

  private final String scheme;

  RegistryNameResolverProvider(String scheme) {
    this.scheme = scheme;
  }

  @Override
  protected boolean isAvailable() {
    return Registries.shared().providers().containsKey(scheme);
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  public String getScheme() {
    return scheme;
  }

  @Override
  public String getDefaultScheme() {
    return scheme;
  }

  /**
   * @throws IllegalArgumentException when the target is malformed; grpc-java throws it from the
   *     builder's build()
   */
  @Override
  public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!scheme.equals(target.getScheme())) {
      return null;
    }
    ResolvedTarget handedOver = TargetHandover.of(target, args);
    ResolvedTarget resolved =
        handedOver != null
            ? handedOver
            : ResolvedTarget.parse(target.toString(), Registries.shared());
    return new RegistryNameResolver(
        resolved, EndpointListCache.shared(), InetAddress::getAllByName, args);
  }

  /** The provider for the scheme {@code etcd}. */
  public static final class EtcdNameResolverProvider extends RegistryNameResolverProvider {
    public EtcdNameResolverProvider() {
      super("etcd");
    }
  }

  /** The provider for the scheme {@code file}. */
  public static final class FileNameResolverProvider extends RegistryNameResolverProvider {
    public FileNameResolverProvider() {
      super("file");
    }
  }

  /** The provider for the scheme {@code kubernetes}. */
  public static final class KubernetesNameResolverProvider extends RegistryNameResolverProvider {
    public KubernetesNameResolverProvider() {
      super("kubernetes");
    }
  }

  /** The provider for the scheme {@code srv}. */
  public static final class SrvNameResolverProvider extends RegistryNameResolverProvider {
    public SrvNameResolverProvider() {
      super("srv");
    }
  }

  /** The provider for {@code holdfast:///service}, in the registry that HOLDFAST_REGISTRY names. */
  public static final class EnvironmentNameResolverProvider extends RegistryNameResolverProvider {
    public EnvironmentNameResolverProvider() {
      super(ServiceTarget.ENVIRONMENT_SCHEME);
    }

    /** Always: which registry it is turns out when a target is parsed. */
    @Override
    protected boolean isAvailable() {
      return true;
    }
  }
}
