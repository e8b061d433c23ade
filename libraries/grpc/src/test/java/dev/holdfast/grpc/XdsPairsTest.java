package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import dev.holdfast.lab.RelayConnection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.xds.InternalSharedXdsClientPoolProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pairs of connections under the trees of policies that a real xDS control plane names. */
class XdsPairsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int CUSTOMERS = 30;
  private static final Metadata.Key<String> CUSTOMER =
      Metadata.Key.of(XdsService.HASHED_HEADER, Metadata.ASCII_STRING_MARSHALLER);
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withSafeIdle(Duration.ofSeconds(1))
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPingPermit(LoopbackTopology.PERMIT);

  /** One for all tests: gRPC keeps what it knows of control planes for the whole process. */
  private static AdsServer ads;

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  // The other ways are a variable and a property, which gRPC reads once and before a port is known.
  @SuppressWarnings("deprecation")
  @BeforeAll
  static void startControlPlane() throws IOException {
    ads = new AdsServer();
    InternalSharedXdsClientPoolProvider.setDefaultProviderBootstrapOverride(ads.bootstrap());
  }

  @AfterAll
  static void stopControlPlane() {
    ads.close();
  }

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  static Stream<Arguments> policies() {
    return Stream.of(
        Arguments.of("wrr-locality", XdsService.wrrLocality()),
        Arguments.of("ring-hash", XdsService.ringHash()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("policies")
  void callsGoWhereTheControlPlaneSaysByItsPolicy(String name, Message policy) throws Exception {
    int a = serve("a");
    int b = serve("b");
    int c = serve("c");
    XdsService service = new XdsService("orders-by-" + name);
    service.serve(ads, policy, a, b);
    ManagedChannel channel = channel(service);
    await().atMost(PATIENCE).until(() -> reached(channel).equals(Set.of("a", "b")));
    service.endpoints(ads, b, c);
    await().atMost(PATIENCE).until(() -> reached(channel).equals(Set.of("b", "c")));
    // A connection that is asked in between is left out for a moment: so it may take two checks.
    boolean ring = policy.equals(XdsService.ringHash());
    await().atMost(PATIENCE).until(() -> ring ? isKeptTogether(channel) : isInTurn(channel));
    assertThat(ads.refusals).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("policies")
  void aSilentConnectionIsReplacedAndItsStreamStays(String name, Message policy) throws Exception {
    try (TcpRelay path = TcpRelay.toPort(serve("a"))) {
      XdsService service = new XdsService("held-by-" + name);
      service.serve(ads, policy, path.port());
      ManagedChannel channel = channel(service);
      HeldStream held = HeldStream.talk(channel);
      await().atMost(PATIENCE).until(() -> held.heard().equals(List.of("a")));
      RelayConnection old = path.connections().get(0);

      old.stall();
      await()
          .atMost(PATIENCE)
          .until(() -> loopbackTopology.count("holdfast.liveness.suspected", "role", "client") > 0);
      await()
          .atMost(PATIENCE)
          .until(() -> LoopbackTopology.answers(channel, 5, 2).equals(Collections.nCopies(5, "a")));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  loopbackTopology.count("holdfast.grpc.replacements", "outcome", "took_over") > 0);
      assertThat(held.isOpen()).isTrue();

      old.heal();
      held.say("still there?");
      await().atMost(PATIENCE).until(() -> held.heard().equals(List.of("a", "a still there?")));
      held.hangUp();
      assertThat(held.awaitEnd().isOk()).isTrue();
      await().atMost(PATIENCE).until(() -> !path.connections().contains(old));
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      assertThat(ads.refusals).isEmpty();
    }
  }

  private ManagedChannel channel(XdsService service) {
    return loopbackTopology.channel(
        HoldfastChannelBuilder.forTarget(
                "xds:///" + service.name(),
                InsecureChannelCredentials.create(),
                loopbackTopology.registries)
            .retryIdempotent(false)
            .liveness(QUICK));
  }

  private int serve(String name) throws IOException {
    return loopbackTopology
        .serveUnregistered(
            new WordsService(name), LoopbackTopology.permitting(loopbackTopology.server()))
        .getPort();
  }

  /** Whom many customers reach; nobody is one of them while one of their calls fails. */
  private static Set<String> reached(Channel channel) {
    Set<String> names = new HashSet<>();
    for (int customer = 0; customer < CUSTOMERS; customer++) {
      names.add(answer(channel, customer));
    }
    return names;
  }

  /** One customer, one endpoint. */
  private static boolean isKeptTogether(Channel channel) {
    String first = answer(channel, 1);
    return Stream.generate(() -> answer(channel, 1)).limit(CUSTOMERS).allMatch(first::equals);
  }

  private static boolean isInTurn(Channel channel) {
    List<String> four = Stream.of(1, 2, 3, 4).map(i -> answer(channel, i)).toList();
    return four.get(0).equals(four.get(2))
        && four.get(1).equals(four.get(3))
        && !four.get(0).equals(four.get(1));
  }

  private static String answer(Channel channel, int customer) {
    Metadata headers = new Metadata();
    headers.put(CUSTOMER, "customer-" + customer);
    Channel identified =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    try {
      return ClientCalls.blockingUnaryCall(
          identified,
          WordsService.PLACE,
          CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
          "word");
    } catch (StatusRuntimeException e) {
      return "nobody: " + e.getStatus();
    }
  }
}
