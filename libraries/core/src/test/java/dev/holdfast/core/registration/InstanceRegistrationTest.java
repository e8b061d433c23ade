package dev.holdfast.core.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.ForwardingRegistry;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the shell adds to the machine: futures, listeners, meters, and a registry that throws. */
class InstanceRegistrationTest {
  private static final ServiceName ORDERS = ServiceName.of("prod", "orders");
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:50051");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RegistryContext context =
      new RegistryContext(scheduler, meters, new SplittableRandom(1), Map.of());
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final InMemoryRegistry registry = store.connect(context);

  @Test
  void publishedCompletesWhenOthersCanSeeTheInstance() {
    InstanceRegistration registration = start(registry);

    assertThat(registration.published().toCompletableFuture()).isCompleted();
    assertThat(store.truth(ORDERS).endpoints())
        .singleElement()
        .satisfies(e -> assertThat(e.instance()).as("was given an id").isNotEmpty());
  }

  @Test
  void anInstanceThatStartsInAnOutageIsVisibleSoonAfterIt() {
    store.stop();
    InstanceRegistration registration = start(registry);
    scheduler.advance(Duration.ofHours(3));
    scheduler.virtualClock().jumpWall(Duration.ofDays(1));
    assertThat(registration.published().toCompletableFuture()).isNotDone();

    store.start();
    scheduler.advance(Duration.ofSeconds(11));

    assertThat(registration.published().toCompletableFuture()).isCompleted();
    assertThat(registration.state()).isEqualTo(RegistrationState.VISIBLE);
  }

  @Test
  void everyLossIsHealedAndCounted() {
    InstanceRegistration registration = start(registry);
    List<RegistryErrorKind> causes = new ArrayList<>();
    registration.onState(
        (registrationState, cause) -> {
          if (registrationState == RegistrationState.WAITING && cause != null) {
            causes.add(cause.kind());
          }
        });
    scheduler.advance(Duration.ofSeconds(10));

    store.delete(ORDERS, ONE.address());
    scheduler.advance(Duration.ofSeconds(10));
    store.wipe();
    scheduler.advance(Duration.ofSeconds(10));
    registry.cut();
    scheduler.advance(Duration.ofSeconds(10));
    registry.mend();
    scheduler.advance(Duration.ofSeconds(10));

    assertThat(registration.state()).isEqualTo(RegistrationState.VISIBLE);
    assertThat(store.truth(ORDERS).size()).isEqualTo(1);
    assertThat(causes)
        .containsExactly(
            RegistryErrorKind.RECORD_DELETED,
            RegistryErrorKind.WIPED,
            RegistryErrorKind.LEASE_LOST);
    assertThat(meters.get("holdfast.registration.restored").counter().count()).isEqualTo(3);
    assertThat(meters.get("holdfast.registration.attempts").counter().count()).isEqualTo(4);
    assertThat(meters.get("holdfast.registration.state").gauge().value()).isEqualTo(1);
  }

  @Test
  void ofTwoRegistrationsOfOneAddressTheGaugeShowsTheOneInConflictAndThenTheOther() {
    InstanceRegistration older = start(registry);
    InstanceRegistration newer = start(registry);
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(older.state()).isEqualTo(RegistrationState.CONFLICT);
    assertThat(newer.state()).isEqualTo(RegistrationState.VISIBLE);

    assertThat(meters.get("holdfast.registration.state").gauge().value())
        .isEqualTo(RegistrationState.CONFLICT.code());
    older.close();
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(meters.get("holdfast.registration.state").gauge().value())
        .isEqualTo(RegistrationState.VISIBLE.code());
  }

  @Test
  void whatTheRegistryCantDoFailsPublishedInsteadOfHanging() {
    InstanceRegistration registration =
        start(
            throwing(
                new RegistryException(RegistryErrorKind.UNSUPPORTED, "dns can't be written to")));

    assertThat(registration.state()).isEqualTo(RegistrationState.FAILED);
    assertThat(failureOf(registration.published().toCompletableFuture()).kind())
        .isEqualTo(RegistryErrorKind.UNSUPPORTED);
    assertThat(registration.withdraw().toCompletableFuture()).isNotCompletedExceptionally();
  }

  @Test
  void anEndpointThatTheRegistryRefusesFailsPublishedToo() {
    InstanceRegistration registration =
        start(throwing(new IllegalArgumentException("metadata: too much of it")));

    assertThat(failureOf(registration.published().toCompletableFuture()))
        .hasMessage("metadata: too much of it");
  }

  @Test
  void withdrawingDeletesTheRecordAndRemovesTheGauge() {
    InstanceRegistration registration = start(registry);

    CompletableFuture<Void> withdrawn = registration.withdraw().toCompletableFuture();
    registration.close();
    scheduler.advance(Duration.ofMillis(10));

    assertThat(withdrawn).isCompleted();
    assertThat(store.truth(ORDERS)).isEqualTo(EndpointSet.EMPTY);
    assertThat(meters.find("holdfast.registration.state").gauges()).isEmpty();
  }

  @Test
  void withdrawingInAnOutageEndsInTimeAndSaysThatTheRecordIsLeftBehind() {
    InstanceRegistration registration = start(registry);
    store.stop();

    CompletableFuture<Void> withdrawn = registration.withdraw().toCompletableFuture();
    scheduler.advance(Duration.ofSeconds(2));

    assertThat(registration.state()).isEqualTo(RegistrationState.ABSENT);
    assertThat(failureOf(withdrawn).kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);
    store.start();
    scheduler.advance(Duration.ofSeconds(5));
    assertThat(store.truth(ORDERS)).as("expired").isEqualTo(EndpointSet.EMPTY);
  }

  @Test
  void theKindOfAFailureSurvivesStagesThatWrapIt() {
    Registry closing =
        new ForwardingRegistry(registry) {
          @Override
          public Announcement announce(
              ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
            Announcement real = super.announce(service, endpoint, listener);
            return new Announcement() {
              @Override
              public void update(Endpoint value) {
                real.update(value);
              }

              @Override
              public CompletionStage<Void> withdraw() {
                CompletableFuture<Void> failed = new CompletableFuture<>();
                failed.completeExceptionally(
                    new RegistryException(RegistryErrorKind.CLOSED, "closed"));
                return failed.minimalCompletionStage();
              }
            };
          }
        };
    InstanceRegistration registration = start(closing);

    CompletableFuture<Void> withdrawn = registration.withdraw().toCompletableFuture();
    scheduler.runUntilIdle();

    assertThat(failureOf(withdrawn).kind()).isEqualTo(RegistryErrorKind.CLOSED);
  }

  @Test
  void withdrawingBeforeItIsVisibleFailsPublished() {
    store.stop();
    InstanceRegistration registration = start(registry);
    registration.close();
    scheduler.advance(Duration.ofSeconds(3));

    assertThat(failureOf(registration.published().toCompletableFuture()).kind())
        .isEqualTo(RegistryErrorKind.CLOSED);
  }

  @Test
  void twoLiveProcessesAtOneAddressDoNotFight() {
    InstanceRegistration older = start(registry);
    InMemoryRegistry otherProcess = store.connect(context);
    InstanceRegistration newer = start(otherProcess);
    scheduler.advance(Duration.ofHours(1));

    assertThat(older.state()).isEqualTo(RegistrationState.CONFLICT);
    assertThat(newer.state()).isEqualTo(RegistrationState.VISIBLE);
    assertThat(registry.announced() + otherProcess.announced()).isEqualTo(2);

    newer.close();
    scheduler.advance(Duration.ofSeconds(15));
    assertThat(older.state()).isEqualTo(RegistrationState.VISIBLE);
    assertThat(older.published().toCompletableFuture()).isCompleted();
  }

  @Test
  void anUpdateReachesTheRecordAndAnotherAddressIsRefused() {
    InstanceRegistration registration = start(registry);

    registration.update(ONE.withDraining(true));
    scheduler.advance(Duration.ofMillis(10));

    assertThat(store.truth(ORDERS).endpoints())
        .singleElement()
        .matches(Endpoint::draining)
        .matches(e -> !e.instance().isEmpty(), "keeps its id");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registration.update(Endpoint.of("10.0.0.2:50051")))
        .withMessage("address: 10.0.0.2:50051 (expected: 10.0.0.1:50051, as it was started)");
  }

  @Test
  void aListenerThatThrowsDoesNotStopTheRegistration() {
    store.stop();
    InstanceRegistration registration = start(registry);
    registration.onState(
        (registrationState, cause) -> {
          throw new IllegalStateException("listener of the test");
        });
    scheduler.runUntilIdle();
    store.start();
    scheduler.advance(Duration.ofSeconds(11));

    assertThat(registration.state()).isEqualTo(RegistrationState.VISIBLE);
  }

  @Test
  void aRegistryThatThrowsTheUnexpectedIsTriedAgainLikeOneThatIsAway() {
    AtomicInteger troubles = new AtomicInteger(3);
    AtomicBoolean updatesFail = new AtomicBoolean(true);
    AtomicBoolean withdrawalsFail = new AtomicBoolean(true);
    Registry faulty =
        new ForwardingRegistry(registry) {
          @Override
          public Announcement announce(
              ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
            if (troubles.getAndDecrement() > 0) {
              throw new IllegalStateException("a bug in announce");
            }
            Announcement real = super.announce(service, endpoint, listener);
            return new Announcement() {
              @Override
              public void update(Endpoint value) {
                if (updatesFail.getAndSet(false)) {
                  throw new IllegalStateException("a bug in update");
                }
                real.update(value);
              }

              @Override
              public CompletionStage<Void> withdraw() {
                if (withdrawalsFail.getAndSet(false)) {
                  throw new IllegalStateException("a bug in withdraw");
                }
                return real.withdraw();
              }
            };
          }
        };
    InstanceRegistration registration = start(faulty);
    assertThat(registration.state()).isEqualTo(RegistrationState.WAITING);
    scheduler.advance(Duration.ofSeconds(40));
    assertThat(registration.state()).isEqualTo(RegistrationState.VISIBLE);

    registration.update(ONE.withWeight(7));
    scheduler.advance(Duration.ofSeconds(40));
    assertThat(store.truth(ORDERS).endpoints()).singleElement().matches(e -> e.weight() == 7);

    CompletableFuture<Void> withdrawn = registration.withdraw().toCompletableFuture();
    scheduler.advance(Duration.ofSeconds(5));
    assertThat(withdrawn).isCompleted();
    assertThat(store.truth(ORDERS).isEmpty()).isTrue();
  }

  @Test
  void aReadThatThrowsIsALookThatFailed() {
    AtomicInteger reads = new AtomicInteger();
    Registry faulty =
        new ForwardingRegistry(registry) {
          @Override
          public CompletionStage<RegistrySnapshot> read(ServiceName service) {
            if (reads.getAndIncrement() == 0) {
              throw new IllegalStateException("a bug in read");
            }
            return super.read(service);
          }
        };
    InstanceRegistration older = start(faulty);
    InMemoryRegistry otherProcess = store.connect(context);
    InstanceRegistration newer = start(otherProcess);
    scheduler.advance(Duration.ofHours(1));
    assertThat(older.state()).isEqualTo(RegistrationState.CONFLICT);

    newer.close();
    scheduler.advance(Duration.ofMinutes(1));

    assertThat(reads).hasValueGreaterThan(1);
    assertThat(older.state()).isEqualTo(RegistrationState.VISIBLE);
  }

  private InstanceRegistration start(Registry with) {
    InstanceRegistration started = InstanceRegistration.start(with, ORDERS, ONE, context);
    scheduler.advance(Duration.ofMillis(1));
    return started;
  }

  private Registry throwing(RuntimeException failure) {
    return new ForwardingRegistry(registry) {
      @Override
      public Announcement announce(
          ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
        throw failure;
      }
    };
  }

  private static RegistryException failureOf(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    Throwable thrown = future.handle((value, failed) -> failed).join();
    // A stage that was derived from another one wraps what the first one failed with.
    Throwable failure = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    assertThat(failure).isInstanceOf(RegistryException.class);
    return (RegistryException) Objects.requireNonNull(failure);
  }
}
