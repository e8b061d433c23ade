package dev.holdfast.grpc.internal.version;

/**
 * The support for arguments of a channel's resolver, which grpc-java 1.69 and older do not have.
 */
public final class ResolverArguments {
  private static final boolean SUPPORTED = GrpcFeature.hasResolverArguments();

  private ResolverArguments() {}

  /** Whether {@code NameResolver.Args.Key} is there. */
  public static boolean areSupported() {
    return SUPPORTED;
  }
}
