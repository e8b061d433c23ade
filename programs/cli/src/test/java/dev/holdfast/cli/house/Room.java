package dev.holdfast.cli.house;

import java.util.ArrayList;
import java.util.List;

/**
 * One room of the house: a package, the rooms it may use and the third-party packages it may use.
 * The JDK is open to all. {@link #HOUSE} is the table that ARCHITECTURE.md shows.
 */
record Room(String name, String packageName, List<String> rooms, List<String> thirdParty) {
  private static final List<String> EVERYWHERE =
      List.of("org.slf4j", "io.micrometer.core", "org.jspecify.annotations");
  private static final List<String> NETTY = List.of("io.netty");
  private static final List<String> GRPC = List.of("io.grpc");
  private static final List<String> PROTOBUF = List.of("com.google.protobuf");
  private static final List<String> JACKSON = List.of("com.fasterxml.jackson.core");

  /** A room that needs a new neighbour changes this table in the same commit, and says why. */
  static final List<Room> HOUSE =
      List.of(
          room("core", List.of()),
          room("lab", List.of("core"), NETTY),
          // Netty only: the gateway's connections are watched by the same monitor as grpc's.
          room("liveness", List.of("core"), NETTY),
          room("registry-file", List.of("core"), JACKSON),
          // ListenableFuture stands in the signatures that protoc-gen-grpc-java generates.
          room(
              "registry-etcd",
              List.of("core"),
              GRPC,
              NETTY,
              PROTOBUF,
              JACKSON,
              List.of("com.google.common.util.concurrent")),
          room("registry-dns", List.of("core"), List.of("org.xbill.DNS")),
          // HTTP is the JDK's own; YAML is what kubeconfig files are written in.
          room("registry-kubernetes", List.of("core"), JACKSON, List.of("org.yaml.snakeyaml")),
          // What the two below tell each other, so that neither needs the other.
          room("hooks", List.of("core"), GRPC),
          // Every program that serves or calls answers this service, so it is in no other room of
          // them; without a transport, as grpc-java's API suffices for a service.
          room(
              "admin",
              List.of("core", "hooks"),
              GRPC,
              PROTOBUF,
              List.of("com.google.common.util.concurrent")),
          // A method's idempotency_level stands in its protobuf descriptor.
          room("grpc", List.of("core", "liveness", "hooks", "admin"), GRPC, NETTY, PROTOBUF),
          // grpc-api's interceptors and calls; never a transport. Packages can't say "api", poms
          // do.
          room("streams", List.of("core", "hooks"), GRPC),
          // The only room with lettuce, which brings Reactor: who keeps sessions elsewhere gets
          // neither.
          room("streams-redis", List.of("core", "streams"), List.of("io.lettuce.core")),
          // No grpc: it measures the wire, not what a client makes of it.
          room("doctor", List.of("core"), NETTY),
          // The only reader of YAML that a user writes; kubeconfig files are nobody's here.
          room("yaml", List.of("core"), List.of("org.yaml.snakeyaml")),
          // The messages of xDS are Envoy's; the file with the policy is read and watched here, so
          // that every control plane that is embedded has it.
          room(
              "control",
              List.of("core", "yaml"),
              GRPC,
              NETTY,
              PROTOBUF,
              List.of("com.google.common.util.concurrent", "com.google.rpc"),
              List.of("io.envoyproxy", "com.github.xds", "com.github.udpa")),
          // google.api.http stands in the common protos; no Netty, no grpc. core marks its limits,
          // which docs/limits.md is made from.
          room(
              "transcoding",
              List.of("core"),
              PROTOBUF,
              JACKSON,
              List.of("com.google.api", "com.google.rpc")),
          // No grpc-java: frames are forwarded, and what is said is HTTP/2.
          // google.rpc.ErrorInfo says why a stream can't be resumed. Of streams the pure session,
          // as a client of services whose streams outlive connections.
          room(
              "gateway",
              List.of("core", "liveness", "transcoding", "yaml", "streams"),
              NETTY,
              PROTOBUF,
              List.of("com.google.rpc")),
          // The gateway's frontends before handlers of grpc-java: the gateway itself must not know
          // it.
          room(
              "inprocess",
              List.of("core", "liveness", "hooks", "transcoding", "gateway"),
              GRPC,
              NETTY,
              PROTOBUF),
          // The only room with Spring; registries and streams are found at run time.
          room(
              "spring-boot-starter",
              List.of("core", "grpc"),
              GRPC,
              NETTY,
              List.of("org.springframework")),
          // The only room with Stork; stork-core has the sequence of instance ids.
          room("stork", List.of("core"), List.of("io.smallrye.stork", "io.smallrye.mutiny")),
          // The only room with Micronaut; registries and streams are found at run time.
          room(
              "micronaut",
              List.of("core", "grpc"),
              GRPC,
              NETTY,
              List.of("io.micronaut", "jakarta.inject", "jakarta.annotation")),
          // In no library's class path; its keepalive simulation is in liveness' package.
          room("simulation", List.of("core", "liveness", "streams")),
          // Never streams: its peers are written from the protocol's document alone.
          room("duplex-conformance", List.of("core", "lab"), GRPC, JACKSON),
          // The program runs it: apart from the benchmarks, so that these stay out of the program.
          room(
              "matrix",
              List.of("core", "lab", "liveness", "grpc", "streams"),
              GRPC,
              NETTY,
              PROTOBUF),
          // In no product's class path: what runs the tests must not need what they test.
          room(
              "testrunner",
              List.of(),
              List.of("org.junit.platform", "org.w3c.dom", "org.xml.sax")));

  /** The room of everything: {@code cli} may use all others and any library, so it has no row. */
  static final List<String> KNOW_ALL_ROOMS = List.of("cli", "bench", "examples");

  @SafeVarargs
  private static Room room(String name, List<String> rooms, List<String>... thirdParty) {
    List<String> allowed = new ArrayList<>(EVERYWHERE);
    for (List<String> packages : thirdParty) {
      allowed.addAll(packages);
    }
    return new Room(name, "dev.holdfast." + name.replace('-', '.'), rooms, List.copyOf(allowed));
  }

  /** All package prefixes that classes of this room may depend on. */
  List<String> allowedPackages() {
    List<String> allowed = new ArrayList<>(List.of("java", "javax", "jdk.net", packageName));
    HOUSE.stream()
        .filter(other -> rooms.contains(other.name()))
        .map(Room::packageName)
        .forEach(allowed::add);
    allowed.addAll(thirdParty);
    return allowed;
  }
}
