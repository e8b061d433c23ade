package dev.holdfast.grpc.internal.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.grpc.VirtualTimers;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolver.ResolutionResult;
import io.grpc.NameResolver.ServiceConfigParser;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RegistryNameResolverTest {
  private static final ServiceName WORDS = ServiceName.of("", "words");
  private static final String A = "10.0.0.1:1";
  private static final String B = "10.0.0.2:1";

  private final VirtualScheduler time = new VirtualScheduler();
  private final InMemoryStore store = new InMemoryStore(time, Duration.ofSeconds(5));
  private final List<InMemoryRegistry> clients = new ArrayList<>();
  private final Registries registries =
      new Registries(
          new RegistryContext(time, new SimpleMeterRegistry(), new Random(1), Map.of()),
          List.of(new InMemoryProvider("memory:///words", this::open)));
  private final EndpointListCache memory = new EndpointListCache();
  private final Map<String, InetAddress> hosts = new HashMap<>();
  private final AtomicInteger lookups = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private Executor offload = Runnable::run;
  private int lookupsThatThrow;
  private final CountDownLatch answerToSlow = new CountDownLatch(1);
  private volatile @Nullable Thread slowLookup;
  private final SynchronizationContext context =
      new SynchronizationContext(
          (thread, problem) -> {
            throw new AssertionError(problem);
          });

  @Test
  void givesTheChannelWhatTheRegistryHolds() {
    store.put(WORDS, Endpoint.of(A).withZone("a").withWeight(3));
    Heard heard = resolve();
    time.advance(Duration.ofMillis(100));
    assertThat(heard.addresses()).containsExactly(A);
    Endpoint endpoint = heard.groups().get(0).getAttributes().get(ResolverAttributes.ENDPOINT);
    assertThat(endpoint).extracting(Endpoint::zone, Endpoint::weight).containsExactly("a", 3);
    store.put(WORDS, Endpoint.of(B));
    time.advance(Duration.ofMillis(100));
    assertThat(heard.addresses()).containsExactly(A, B);
  }

  @Test
  void neverReportsAnErrorAfterTheFirstList() {
    store.put(WORDS, Endpoint.of(A));
    Heard heard = resolve();
    time.advance(Duration.ofMillis(100));
    store.stop();
    time.advance(Duration.ofHours(2));
    store.start();
    store.wipe();
    time.advance(Duration.ofHours(2));
    assertThat(heard.errors).isEmpty();
    assertThat(heard.results).isNotEmpty();
  }

  @Test
  void waitsForARegistryThatIsAwayBeforeItSaysSo() {
    store.put(WORDS, Endpoint.of(A));
    store.stop();
    Heard heard = resolve();
    time.advance(RegistryNameResolver.FIRST_LIST_TIMEOUT.minusMillis(1));
    assertThat(heard.errors).isEmpty();
    time.advance(Duration.ofMillis(1));
    assertThat(heard.errors).isNotEmpty();
    Status error = heard.errors.get(0);
    assertThat(error.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(error.getDescription())
        .contains("HF-201")
        .contains("memory:///words")
        .contains("does not answer");
    assertThat(error.getCause()).as("a stack trace in each failed call").isNull();
    store.start();
    time.advance(Duration.ofSeconds(20));
    assertThat(heard.addresses()).containsExactly(A);
  }

  @Test
  void aRegistryThatComesInTimeIsNoError() {
    store.put(WORDS, Endpoint.of(A));
    store.stop();
    Heard heard = resolve();
    time.advance(Duration.ofSeconds(1));
    store.start();
    time.advance(Duration.ofSeconds(20));
    assertThat(heard.errors).isEmpty();
    assertThat(heard.addresses()).containsExactly(A);
  }

  @Test
  void drainingAndUnreadyEndpointsLeaveAtOnceAndStandInReserve() {
    store.put(WORDS, Endpoint.of(A));
    store.put(WORDS, Endpoint.of(B));
    Heard heard = resolve();
    time.advance(Duration.ofMillis(100));
    store.put(WORDS, Endpoint.of(A).withDraining(true));
    time.advance(Duration.ofMillis(1));
    assertThat(heard.addresses()).containsExactly(B);
    assertThat(heard.last().getAttributes().get(ResolverAttributes.DRAINING)).hasSize(1);
    store.put(WORDS, Endpoint.of(B).withReady(false));
    time.advance(Duration.ofMillis(1));
    assertThat(heard.addresses()).as("nothing else is left").containsExactly(A, B);
  }

  @Test
  void aChannelThatComesBackFromIdleDuringAnOutageUsesTheLastList() {
    store.put(WORDS, Endpoint.of(A));
    NameResolver first = resolver();
    first.start(new Heard());
    time.advance(Duration.ofMillis(100));
    first.shutdown();
    time.advance(Duration.ofHours(1));
    store.stop();
    Heard heard = resolve();
    time.advance(RegistryNameResolver.FIRST_LIST_TIMEOUT);
    assertThat(heard.errors).isEmpty();
    assertThat(heard.addresses()).containsExactly(A);
    store.start();
    store.put(WORDS, Endpoint.of(B));
    time.advance(Duration.ofSeconds(20));
    assertThat(heard.addresses()).containsExactly(A, B);
  }

  @Test
  void manyChannelsShareOneWatch() {
    store.put(WORDS, Endpoint.of(A));
    List<Heard> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(resolve());
    }
    time.advance(Duration.ofMillis(100));
    assertThat(all).allSatisfy(heard -> assertThat(heard.addresses()).containsExactly(A));
    assertThat(clients.stream().mapToInt(InMemoryRegistry::openWatches).sum()).isEqualTo(1);
  }

  @Test
  void nothingIsDeliveredAfterShutdown() {
    store.put(WORDS, Endpoint.of(A));
    Heard heard = new Heard();
    NameResolver resolver = resolver();
    resolver.start(heard);
    time.advance(Duration.ofMillis(100));
    resolver.shutdown();
    int results = heard.results.size();
    store.put(WORDS, Endpoint.of(B));
    time.advance(Duration.ofSeconds(10));
    assertThat(heard.results).hasSize(results);
    resolver.refresh();
    time.advance(Duration.ofSeconds(10));
    assertThat(heard.results).hasSize(results);
  }

  @Test
  void aHostNameIsLookedUpAgainAfterABrokenConnection() throws Exception {
    hosts.put("orders-1", InetAddress.getByName("10.0.0.1"));
    store.put(WORDS, Endpoint.of("orders-1:1"));
    Heard heard = new Heard();
    NameResolver resolver = resolver();
    resolver.start(heard);
    time.advance(Duration.ofMillis(100));
    assertThat(heard.groups().get(0).getAddresses().toString()).contains("10.0.0.1");
    hosts.put("orders-1", InetAddress.getByName("10.0.0.9"));
    time.advance(RegistryNameResolver.LOOKUP_INTERVAL);
    resolver.refresh();
    assertThat(heard.groups().get(0).getAddresses().toString()).contains("10.0.0.9");
    hosts.clear();
    time.advance(RegistryNameResolver.LOOKUP_INTERVAL);
    resolver.refresh();
    assertThat(heard.groups().get(0).getAddresses().toString())
        .as("a failed lookup keeps what was known")
        .contains("10.0.0.9");
  }

  @Test
  void refreshDoesNotHammerWhateverThePolicyAsks() throws Exception {
    hosts.put("localhost", InetAddress.getLoopbackAddress());
    store.put(WORDS, Endpoint.of("localhost:1"));
    Heard heard = new Heard();
    NameResolver resolver = resolver();
    resolver.start(heard);
    time.advance(Duration.ofMillis(100));
    assertThat(heard.groups()).isNotEmpty();
    int reads = clients.get(clients.size() - 1).reads();
    int before = lookups.get();
    for (int i = 0; i < 10_000; i++) {
      resolver.refresh();
      time.advance(Duration.ofMillis(1));
    }
    assertThat(lookups.get() - before).as("in 10 s, one per 5 s").isBetween(1, 3);
    assertThat(clients.get(clients.size() - 1).reads()).isEqualTo(reads);
  }

  @Test
  void aLookupThatThrowsIsRepeated() throws Exception {
    hosts.put("orders-1", InetAddress.getByName("10.0.0.1"));
    lookupsThatThrow = 1;
    store.put(WORDS, Endpoint.of("orders-1:1"));
    Heard heard = resolve();
    time.advance(Duration.ofMillis(100));
    assertThat(heard.results).isEmpty();
    time.advance(RegistryNameResolver.LOOKUP_INTERVAL);
    assertThat(heard.groups().get(0).getAddresses().toString()).contains("10.0.0.1");
  }

  @Test
  void aNameThatIsLookedUpSlowlyHoldsBackNeitherOthersNorLaterLists() throws Exception {
    hosts.put("quick", InetAddress.getByName("10.0.0.1"));
    hosts.put("slow", InetAddress.getByName("10.0.0.2"));
    hosts.put("late", InetAddress.getByName("10.0.0.3"));
    offload =
        task -> {
          Thread thread = new Thread(task, "offload");
          thread.start();
          await().until(() -> !thread.isAlive() || thread == slowLookup);
        };
    store.put(WORDS, Endpoint.of("quick:1"));
    store.put(WORDS, Endpoint.of("slow:1"));
    Heard heard = resolve();
    time.advance(RegistryNameResolver.LOOKUP_TIMEOUT.plusMillis(100));
    assertThat(heard.addresses()).containsExactly("quick:1");
    store.put(WORDS, Endpoint.of("late:1"));
    time.advance(RegistryNameResolver.LOOKUP_TIMEOUT.plusMillis(100));
    assertThat(heard.addresses()).containsExactly("late:1", "quick:1");
    answerToSlow.countDown();
    Objects.requireNonNull(slowLookup).join();
    assertThat(heard.addresses()).containsExactly("late:1", "quick:1", "slow:1");
    assertThat(heard.errors).isEmpty();
  }

  @Test
  void namesAreLookedUpThoughTheExecutorOfTheChannelIsClosed() throws Exception {
    hosts.put("orders-1", InetAddress.getByName("10.0.0.1"));
    offload =
        task -> {
          throw new RejectedExecutionException("closed");
        };
    store.put(WORDS, Endpoint.of("orders-1:1"));
    Heard heard = resolve();
    time.advance(Duration.ofMillis(100));
    Awaitility.await().until(() -> !heard.results.isEmpty());
    assertThat(heard.groups().get(0).getAddresses().toString()).contains("10.0.0.1");
  }

  @Test
  void theChannelDoesNotWaitForTheRegistryToClose() {
    NameResolver resolver = resolver();
    resolver.start(new Heard());
    time.advance(Duration.ofMillis(100));
    InMemoryRegistry client = clients.get(clients.size() - 1);
    assertThat(client.openWatches()).isEqualTo(1);
    int tasks = closed.get();
    resolver.shutdown();
    assertThat(closed).as("closed by the thread that shuts the channel down").hasValue(tasks);
    time.advance(Duration.ofMillis(1));
    assertThat(closed).hasValue(tasks + 1);
  }

  @Test
  void aHostThatCannotBeLookedUpDoesNotHideTheOthers() {
    store.put(WORDS, Endpoint.of("nobody:1"));
    store.put(WORDS, Endpoint.of(B));
    Heard heard = resolve();
    time.advance(Duration.ofSeconds(1));
    assertThat(heard.addresses()).containsExactly(B);
  }

  @Test
  void anEmptyServiceIsAListAndNotAnError() {
    Heard heard = resolve();
    time.advance(Duration.ofMinutes(1));
    assertThat(heard.errors).isEmpty();
    assertThat(heard.addresses()).isEmpty();
    store.put(WORDS, Endpoint.of(A));
    time.advance(Duration.ofSeconds(1));
    assertThat(heard.addresses()).containsExactly(A);
  }

  @Test
  void aRefusedUserIsReportedAtOnce() {
    Heard heard = new Heard();
    RegistryNameResolver resolver = (RegistryNameResolver) resolver();
    resolver.start(heard);
    resolver.handleTrouble(
        new RegistryException(
            RegistryException.RegistryErrorKind.UNAUTHENTICATED, "wrong password"));
    assertThat(heard.errors.get(0).getDescription()).contains("UNAUTHENTICATED wrong password");
  }

  private Heard resolve() {
    Heard heard = new Heard();
    NameResolver resolver = resolver();
    context.execute(() -> resolver.start(heard));
    return heard;
  }

  private NameResolver resolver() {
    NameResolver.Args args =
        NameResolver.Args.newBuilder()
            .setDefaultPort(443)
            .setProxyDetector(address -> null)
            .setSynchronizationContext(context)
            .setScheduledExecutorService(new VirtualTimers(time))
            .setServiceConfigParser(new NoServiceConfig())
            .setOffloadExecutor(task -> offload.execute(task))
            .build();
    return new RegistryNameResolver(
        ResolvedTarget.parse("memory:///words", registries), memory, this::lookUp, args);
  }

  private InetAddress[] lookUp(String name) throws UnknownHostException {
    lookups.incrementAndGet();
    if (name.equals("slow")) {
      slowLookup = Thread.currentThread();
      awaitUninterruptibly(answerToSlow);
    }
    if (lookupsThatThrow-- > 0) {
      throw new IllegalStateException("a bug in a resolver");
    }
    InetAddress found = hosts.get(name);
    if (found == null) {
      throw new UnknownHostException(name);
    }
    return new InetAddress[] {found};
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Heard extends NameResolver.Listener2 {
    final List<ResolutionResult> results = new ArrayList<>();
    final List<Status> errors = new ArrayList<>();

    ResolutionResult last() {
      return results.get(results.size() - 1);
    }

    List<EquivalentAddressGroup> groups() {
      return last().getAddressesOrError().getValue();
    }

    List<String> addresses() {
      return groups().stream()
          .map(group -> group.getAttributes().get(ResolverAttributes.ENDPOINT))
          .map(endpoint -> endpoint.address().toString())
          .toList();
    }

    @Override
    public void onResult(ResolutionResult result) {
      results.add(result);
    }

    @Override
    public void onError(Status error) {
      errors.add(error);
    }
  }

  private static final class NoServiceConfig extends ServiceConfigParser {
    @Override
    public NameResolver.ConfigOrError parseServiceConfig(Map<String, ?> config) {
      throw new UnsupportedOperationException();
    }
  }

  private Registry open(RegistryUri uri, RegistryContext registryContext) {
    InMemoryRegistry client = store.connect(registryContext);
    clients.add(client);
    return (Registry)
        Proxy.newProxyInstance(
            Registry.class.getClassLoader(),
            new Class<?>[] {Registry.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close")) {
                closed.incrementAndGet();
              }
              return method.invoke(client, arguments);
            });
  }
}
