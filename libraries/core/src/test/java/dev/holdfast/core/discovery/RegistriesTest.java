package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.ForwardingRegistry;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RegistriesTest {
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final RegistryContext context =
      new RegistryContext(scheduler, new SimpleMeterRegistry(), new SplittableRandom(1), Map.of());
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final List<RegistryUri> opened = new ArrayList<>();
  private final List<String> closed = new ArrayList<>();
  private final InMemoryProvider provider =
      new InMemoryProvider(
          "memory://host/prod/orders",
          List.of(
              new RegistryProvider.UriParameter(
                  "ttl", "a duration", "5s", "How long a record lives."),
              new RegistryProvider.UriParameter("endpoints", "addresses", "", "More members.")),
          this::openStore);
  private final Registries registries = new Registries(context, List.of(provider));

  @Test
  void namespacesOfOneRegistryShareItAndTheLastUserClosesIt() {
    Registries.Handle first = open("memory://h1/prod");
    Registries.Handle second = open("memory://h1/test");

    assertThat(second.directory()).isSameAs(first.directory());
    assertThat(opened).hasSize(1);
    first.close();
    first.close();
    assertThat(closed).isEmpty();
    second.close();
    assertThat(closed).containsExactly("h1");

    open("memory://h1/prod");
    assertThat(opened).hasSize(2);
  }

  @Test
  void anotherUserOrParameterIsAnotherRegistry() {
    Registries.Handle plain = open("memory://h1/prod");
    Registries.Handle user = open("memory://u:p@h1/prod");
    Registries.Handle ttl = open("memory://h1/prod?ttl=9s");

    assertThat(List.of(plain.directory(), user.directory(), ttl.directory()))
        .doesNotHaveDuplicates();
  }

  @Test
  void anUnknownSchemeNamesTheKnownOnes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open("etdc://h1/prod"))
        .withMessage("scheme: \"etdc\" (expected: memory)");
  }

  @Test
  void withoutAnyProviderTheErrorSaysWhatIsMissing() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new Registries(context, List.of()).open(RegistryUri.parse("etcd://h1/prod")))
        .withMessage(
            "scheme: \"etcd\" (expected: a holdfast-registry-* jar on the class path, none was"
                + " found)");
  }

  @Test
  void anUnknownParameterNamesTheNearestOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open("memory://h1/prod?tll=5s"))
        .withMessage("registry parameter: \"tll\" (expected: ttl)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open("memory://h1/prod?somethingelse=5s"))
        .withMessage("registry parameter: \"somethingelse\" (expected: one of ttl, endpoints)");
  }

  @Test
  void aTargetStandsForItself() {
    ServiceTarget target = registries.resolveTarget("memory://h1/prod/orders:grpc?ttl=5s");

    assertThat(target.service()).isEqualTo(new ServiceName("prod", "orders", "grpc"));
    assertThat(target.registry()).isEqualTo(RegistryUri.parse("memory://h1/prod?ttl=5s"));
  }

  @Test
  void aTargetWithAnUnknownParameterIsRefusedBeforeItIsOpened() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registries.resolveTarget("memory://h1/prod/orders?tll=5s"))
        .withMessage("registry parameter: \"tll\" (expected: ttl)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> in("memory://h1/prod?tll=5s").resolveTarget("holdfast:///orders"))
        .withMessage("registry parameter: \"tll\" (expected: ttl)");
  }

  @Test
  void aTargetOfTheEnvironmentIsLookedUpInItsRegistry() {
    ServiceTarget target =
        in("memory://h1/prod?ttl=9s").resolveTarget("holdfast:///eu/orders:grpc");

    assertThat(target.service()).isEqualTo(new ServiceName("prod/eu", "orders", "grpc"));
    assertThat(target.registry()).isEqualTo(RegistryUri.parse("memory://h1/prod/eu?ttl=9s"));
  }

  @Test
  void aTargetOfTheEnvironmentWithoutOneSaysWhatToSet() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registries.resolveTarget("holdfast:///orders"))
        .withMessage(
            "HOLDFAST_REGISTRY: not set (expected: the registry in which holdfast:///orders is"
                + " looked up, such as memory://host/prod/orders)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> in("holdfast:///prod").resolveTarget("holdfast:///orders"))
        .withMessageStartingWith("HOLDFAST_REGISTRY: names itself");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> in("h1:2379").resolveTarget("holdfast:///orders"))
        .withMessageStartingWith("HOLDFAST_REGISTRY: registry: \"h1:2379\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> in("memory://h1/prod").resolveTarget("holdfast://h2/orders"))
        .withMessageStartingWith("target: \"holdfast://h2/orders\"");
  }

  @Test
  void noErrorShowsAPassword() {
    for (String text :
        List.of(
            "memory://u:secret@h1/prod?tll=5s",
            "etdc://u:secret@h1/prod",
            "memory://u:secret@h1",
            "memory://u:sec@secret@h1/prod/%zz",
            "memory://u:secret/secret@h1/prod/orders",
            "memory://u:secret?secret@h1/prod/orders",
            "u:secret@h1",
            "memory://u:secret@h1/prod/%zz")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> open(registries.resolveTarget(text).registry().toString()))
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"));
    }
  }

  private Registries in(String registry) {
    return new Registries(
        context.withEnvironment(Map.of(ServiceTarget.REGISTRY_VARIABLE, registry)),
        List.of(provider));
  }

  private Registry openStore(RegistryUri uri, RegistryContext given) {
    opened.add(uri);
    return new ForwardingRegistry(store.connect(given)) {
      @Override
      public void close() {
        closed.add(uri.authority());
        super.close();
      }
    };
  }

  private Registries.Handle open(String uri) {
    return registries.open(RegistryUri.parse(uri));
  }
}
