package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.grpc.internal.version.ResolverArguments;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolver;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The way of a target that a channel's builder has parsed to the channel's resolver: an argument of
 * the resolver or, where grpc-java has none (1.69 and older), a number in the target's authority.
 */
public final class TargetHandover {
  @Limit(
      of = "targets of Holdfast's channels in a process, with grpc-java 1.69 and older",
      then = "the next one is refused")
  private static final int MAX_NUMBERED = 10_000;

  private static final Pattern NUMBER = Pattern.compile("target-(\\d{1,9})");
  private static final List<ResolvedTarget> NUMBERED = new ArrayList<>();

  private TargetHandover() {}

  /** The key, in a class of its own because its type is not there with older versions. */
  private static final class Argument {
    static final NameResolver.Args.Key<ResolvedTarget> KEY =
        NameResolver.Args.Key.create("dev.holdfast.grpc.target");
  }

  /** The target that grpc sees: the service only, and never a password. */
  public static String shownTarget(ResolvedTarget resolved) {
    String authority = ResolverArguments.areSupported() ? "" : "target-" + numberOf(resolved);
    return ServiceTarget.ENVIRONMENT_SCHEME
        + "://"
        + authority
        + "/"
        + resolved.service().service().path();
  }

  /** Hands the parsed target to the resolver of the builder's channel. */
  public static void handOver(ResolvedTarget resolved, ManagedChannelBuilder<?> builder) {
    if (ResolverArguments.areSupported()) {
      builder.setNameResolverArg(Argument.KEY, resolved);
    }
  }

  /** The target that a builder handed over; null for a channel that is not Holdfast's. */
  static @Nullable ResolvedTarget of(URI target, NameResolver.Args args) {
    return ResolverArguments.areSupported()
        ? args.getArg(Argument.KEY)
        : numbered(target.getAuthority());
  }

  private static int numberOf(ResolvedTarget resolved) {
    synchronized (NUMBERED) {
      int known = NUMBERED.indexOf(resolved);
      if (known >= 0) {
        return known;
      }
      if (NUMBERED.size() == MAX_NUMBERED) {
        throw new IllegalStateException(
            "targets: " + MAX_NUMBERED + " (expected: fewer, or grpc-java 1.70 and newer)");
      }
      NUMBERED.add(resolved);
      return NUMBERED.size() - 1;
    }
  }

  private static @Nullable ResolvedTarget numbered(@Nullable String authority) {
    Matcher number = NUMBER.matcher(authority == null ? "" : authority);
    if (!number.matches()) {
      return null;
    }
    synchronized (NUMBERED) {
      int index = Integer.parseInt(number.group(1));
      return index < NUMBERED.size() ? NUMBERED.get(index) : null;
    }
  }
}
