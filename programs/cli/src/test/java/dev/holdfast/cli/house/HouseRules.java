package dev.holdfast.cli.house;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/** The rules that ArchUnit checks, as values, so that a test can show each of them failing. */
final class HouseRules {
  /** Types whose mere use means that a core is not pure. */
  private static final List<String> IMPURE_TYPES =
      List.of(
          "java.lang.Thread",
          "java.lang.ThreadLocal",
          "java.lang.ProcessBuilder",
          "java.util.Random",
          "java.util.SplittableRandom",
          "java.util.Timer",
          "java.security.SecureRandom",
          "java.util.concurrent.CompletableFuture",
          "java.util.concurrent.locks.LockSupport");

  private static final List<String> IMPURE_PACKAGES =
      List.of("java.nio.channels", "java.nio.file", "javax.net", "io.netty", "io.grpc");

  /** {@code java.net} is impure but for the types that only name an address. */
  private static final Set<String> PURE_NET_TYPES =
      Set.of(
          "java.net.URI",
          "java.net.URISyntaxException",
          "java.net.SocketAddress",
          "java.net.InetSocketAddress");

  /** Packages and types that the gateway's listeners, HTTP versions and upstreams alone use. */
  private static final List<String> CONNECTIONS_AND_CODECS =
      List.of(
          "dev.holdfast.gateway.http1",
          "dev.holdfast.gateway.http2",
          "dev.holdfast.gateway.listener",
          "dev.holdfast.gateway.socket",
          "dev.holdfast.gateway.upstream",
          "dev.holdfast.gateway.cluster.ConnectionPool",
          "dev.holdfast.gateway.cluster.PooledConnection",
          "dev.holdfast.gateway.loop.ClientConnection",
          "io.netty.bootstrap",
          "io.netty.channel",
          "io.netty.handler");

  /** The part of {@link #CONNECTIONS_AND_CODECS} that belongs to HTTP/2. */
  private static final List<String> HTTP2_CONNECTIONS_AND_CODECS =
      List.of(
          "dev.holdfast.gateway.http2",
          "dev.holdfast.gateway.upstream",
          "io.netty.handler.codec.http2");

  /**
   * Netty's types that are no part of a connection: headers of calls, which the gateway has in the
   * types of HTTP/2 for each HTTP version, and an event loop, which a frontend has for its timers.
   */
  private static final Set<String> NO_PART_OF_A_CONNECTION =
      Set.of(
          "io.netty.channel.EventLoop",
          "io.netty.handler.codec.Headers",
          "io.netty.handler.codec.http2.DefaultHttp2Headers",
          "io.netty.handler.codec.http2.Http2Headers",
          "io.netty.handler.codec.http2.Http2Headers$PseudoHeaderName");

  private HouseRules() {}

  /** A room uses itself, the JDK, its neighbours and its own libraries, and nothing else. */
  static ArchRule onlyItsNeighbours(Room room) {
    List<String> allowed = room.allowedPackages();
    return classes()
        .that()
        .resideInAPackage(room.packageName() + "..")
        .and(describe("not of a room within it", type -> !isOfInnerRoom(room, type)))
        .should()
        .onlyDependOnClassesThat(
            describe("are in " + allowed, target -> within(target.getPackageName(), allowed)))
        .as("room " + room.name() + " uses only its neighbours");
  }

  /** The packages of a room use each other in one direction, so that a reader follows one arrow. */
  static ArchRule noCycleOfPackages(Room room) {
    String within = room.packageName();
    return slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                boolean own =
                    within(type.getPackageName(), List.of(within)) && !isOfInnerRoom(room, type);
                return own ? SliceIdentifier.of(type.getPackageName()) : SliceIdentifier.ignore();
              }

              @Override
              public String getDescription() {
                return "packages of room " + room.name();
              }
            })
        .should()
        .beFreeOfCycles();
  }

  /** A package with all below it that nobody else uses. */
  static ArchRule usedByItselfOnly(String packageName) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(packageName + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(packageName + "..")
        .as(packageName + " is used by itself only");
  }

  /** A package with all below it that uses nothing of another one. */
  static ArchRule noUseOf(String packageName, String other) {
    return noClasses()
        .that()
        .resideInAPackage(packageName + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(other + "..")
        .as(packageName + " uses nothing of " + other);
  }

  /**
   * A package with all below it, for the frontends of the gateway, that sees exchanges and calls
   * and neither the connections nor the codecs behind them.
   */
  static ArchRule noConnectionAndNoCodec(String packageName) {
    return noneOf(packageName, CONNECTIONS_AND_CODECS)
        .as(packageName + " uses no connection and no codec")
        .because("a frontend answers exchanges of any HTTP version, and calls any target");
  }

  /** A package with all below it that uses no connection and no codec of HTTP/2. */
  static ArchRule noConnectionAndNoCodecOfHttp2(String packageName) {
    return noneOf(packageName, HTTP2_CONNECTIONS_AND_CODECS)
        .as(packageName + " uses no connection and no codec of HTTP/2");
  }

  private static ArchRule noneOf(String packageName, List<String> names) {
    return noClasses()
        .that()
        .resideInAPackage(packageName + "..")
        .should()
        .dependOnClassesThat(
            describe(
                "are of " + names,
                target -> {
                  String name = target.getBaseComponentType().getName();
                  return within(name, names) && !NO_PART_OF_A_CONNECTION.contains(name);
                }));
  }

  /** Classes with the annotation get the time, threads and chance handed in (STYLE rule 8). */
  static ArchRule pureCoresArePure(String annotation) {
    DescribedPredicate<JavaClass> pure =
        describe("are pure cores (@" + annotation + ")", type -> isPureCore(type, annotation));
    return noClasses()
        .that(pure)
        .should()
        .dependOnClassesThat(describe("reach outside", HouseRules::reachesOutside))
        .orShould()
        .accessTargetWhere(describe("reads a clock, sleeps or rolls dice", HouseRules::isImpure))
        .because("a pure core is tested under virtual time: now and chance come in as arguments");
  }

  private static boolean isOfInnerRoom(Room room, JavaClass type) {
    return Room.HOUSE.stream()
        .map(Room::packageName)
        .filter(inner -> inner.startsWith(room.packageName() + "."))
        .anyMatch(inner -> within(type.getPackageName(), List.of(inner)));
  }

  private static boolean within(String packageName, List<String> prefixes) {
    // Primitive types and their arrays have no package.
    return packageName.isEmpty()
        || prefixes.stream()
            .anyMatch(prefix -> packageName.equals(prefix) || packageName.startsWith(prefix + "."));
  }

  private static boolean isPureCore(JavaClass type, String annotation) {
    return type.isAnnotatedWith(annotation)
        || type.getEnclosingClass().map(outer -> isPureCore(outer, annotation)).orElse(false);
  }

  private static boolean reachesOutside(JavaClass target) {
    String name = target.getName();
    String packageName = target.getPackageName();
    return IMPURE_TYPES.contains(name)
        || (!packageName.isEmpty() && within(packageName, IMPURE_PACKAGES))
        || (packageName.equals("java.net") && !PURE_NET_TYPES.contains(name))
        || assignableTo(Executor.class).test(target);
  }

  private static boolean isImpure(JavaAccess<?> access) {
    AccessTarget target = access.getTarget();
    String owner = target.getOwner().getName();
    return switch (target.getName()) {
      case "nanoTime", "currentTimeMillis", "getenv", "exit" -> owner.equals("java.lang.System");
      case "now" -> owner.startsWith("java.time.");
      case "systemUTC", "systemDefaultZone", "system" -> owner.equals("java.time.Clock");
      case "random" -> owner.equals("java.lang.Math");
      case "randomUUID" -> owner.equals("java.util.UUID");
      case "sleep" -> owner.equals("java.util.concurrent.TimeUnit");
      case "shuffle" -> owner.equals("java.util.Collections");
      case "wait", "notify", "notifyAll" -> owner.equals("java.lang.Object");
      case "current" -> owner.equals("java.util.concurrent.ThreadLocalRandom");
      default -> false;
    };
  }
}
